package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	partnerName = "partner.test"
	partnerPEM  = "PARTNER_PEM"
)

// askPartner asks a partner's server over TLS. It needs the certificate of the authority that
// signed the partner's, among the system's.
//
// The partner is played by this program, on the loopback interface. Its certificate and private
// key come from the environment, so that no image holds them.
func askPartner(ctx context.Context) (string, error) {
	address, stop, err := startPartner(os.Getenv(partnerPEM))
	if err != nil {
		return "", err
	}
	defer stop()
	dialer := &net.Dialer{}
	client := &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			DisableKeepAlives: true,
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+partnerName, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s answered: %s", partnerName, strings.TrimSpace(string(said))), nil
}

// startPartner serves TLS with a certificate and its private key, both PEM in one text.
func startPartner(pem string) (address string, stop func(), err error) {
	if pem == "" {
		return "", nil, errors.New(partnerPEM + " is not set: the partner has no certificate")
	}
	pair, err := tls.X509KeyPair([]byte(pem), []byte(pem))
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "welcome")
		}),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{pair}},
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // the client tells what went wrong
	}
	go server.ServeTLS(listener, "", "")
	return listener.Addr().String(), func() { server.Close() }, nil
}
