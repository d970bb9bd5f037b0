module example.com/go-needs

go 1.25
