package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tributary/internal/testkit"
)

// TLS is a server that is to be spoken to by TLS, at SecureAddr. [Server.Do] goes
// on using its other address.
type TLS struct {
	*Server

	SecureAddr  string
	Certificate string // the file with its self-signed certificate
}

// StartTLS starts one.
func StartTLS(t testing.TB) TLS {
	t.Helper()
	addr := testkit.KeepAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	certificate, key := selfSigned(t, host)
	return TLS{
		Server:     Start(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"),
		SecureAddr: addr, Certificate: certificate,
	}
}

// URL is the address as a setting has it.
func (s TLS) URL() string { return "rediss://" + s.SecureAddr }

// selfSigned makes a certificate for an address, and gives the names of its files.
func selfSigned(t testing.TB, ip string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.ParseIP(ip)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", signed), writePEM(t, "PRIVATE KEY", secret)
}

func writePEM(t testing.TB, kind string, der []byte) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), kind+".pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
