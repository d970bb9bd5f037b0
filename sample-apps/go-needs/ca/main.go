// Command ca plays a company's certificate authority.
//
//	go run ./ca FOLDER
//
// It writes two files into FOLDER:
//
//	ca.crt        the authority's certificate; whoever trusts it trusts what it signed
//	partner.pem   the certificate of partner.test, signed by it, and its private key
//
// Every run writes the same bytes, so that it does not matter in which of several builds the step
// ran. A real authority's key is random and secret. This one's anybody can make again, so it may
// only speak for names under .test, which are nobody's.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

var (
	begins = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	ends   = time.Date(2120, time.January, 1, 0, 0, 0, 0, time.UTC)
)

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               pkix.Name{Organization: []string{"Stagelab course"}, CommonName: name},
		NotBefore:             begins,
		NotAfter:              ends,
		BasicConstraintsValid: true,
	}
}

// keyOf returns a name's private key. Ed25519 signs without chance, too.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("stagelab go-needs " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// makeFiles returns the two files' contents.
func makeFiles() (authority, partner []byte, err error) {
	caKey, key := keyOf("authority"), keyOf("partner")
	ca := template("authority for exercises", 1)
	ca.IsCA = true
	ca.KeyUsage = x509.KeyUsageCertSign
	ca.PermittedDNSDomainsCritical = true
	ca.PermittedDNSDomains = []string{"test"}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, nil, err
	}

	leaf := template("partner.test", 2)
	leaf.DNSNames = []string{"partner.test"}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	var both bytes.Buffer
	for _, block := range []*pem.Block{
		{Type: "CERTIFICATE", Bytes: leafDER},
		{Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := pem.Encode(&both, block); err != nil {
			return nil, nil, err
		}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), both.Bytes(), nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: ca FOLDER")
	}
	folder := os.Args[1]
	authority, partner, err := makeFiles()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.crt"), authority, 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "partner.pem"), partner, 0o600); err != nil {
		log.Fatal(err)
	}
}
