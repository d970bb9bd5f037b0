module example.com/go-about

go 1.25
