package receive_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

func TestListeningBeyondLoopbackIsRefused(t *testing.T) {
	certificate, key := certify(t)
	serverOnly, err := receive.LoadTLS(certificate, key, "")
	if err != nil {
		t.Fatal(err)
	}
	mutual, err := receive.LoadTLS(certificate, key, certificate)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		options receive.Options
		refused bool
	}{
		{"all interfaces", receive.Options{GRPCAddr: "0.0.0.0:0"}, true},
		{"all interfaces, by leaving the host out", receive.Options{HTTPAddr: ":0"}, true},
		{"a token without TLS", receive.Options{HTTPAddr: ":0", Token: "t"}, true},
		{"TLS without a token", receive.Options{HTTPAddr: ":0", TLS: serverOnly}, true},
		{"TLS and a token", receive.Options{HTTPAddr: ":0", TLS: serverOnly, Token: "t"}, false},
		{"client certificates", receive.Options{HTTPAddr: ":0", TLS: mutual}, false},
		{"asked for", receive.Options{HTTPAddr: ":0", Insecure: true}, false},
		{"a name of loopback", receive.Options{GRPCAddr: "localhost:0", HTTPAddr: loopback}, false},
	} {
		r, err := receive.Listen(context.Background(), test.options, new(store).keep)
		if errors.Is(err, receive.ErrExposed) != test.refused || err != nil && !test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil {
			r.Shutdown(context.Background())
		}
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		options receive.Options
		says    string
	}{
		{receive.Options{}, "neither"},
		{receive.Options{GRPCAddr: loopback, InFlight: 1000}, "less than one message"},
		{receive.Options{GRPCAddr: "4317"}, "missing port"},
		{receive.Options{GRPCAddr: loopback, HTTPAddr: taken.Addr().String()}, "HTTP"},
	} {
		if _, err := receive.Listen(context.Background(), test.options, new(store).keep); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %q", test.options, err, test.says)
		}
	}
}

func TestTokens(t *testing.T) {
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, Token: "secret"}, new(store).keep)
	conn := dial(t, r)
	refused := uint64(0)
	for header, good := range map[string]bool{"": false, "Bearer": false, "Bearer wrong": false, "secret": false, "Basic secret": false, "Bearer secret": true, "bearer secret": true} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", header)
		if _, err := export(ctx, conn, oneSpan("a")); (err == nil) != good || !good && status.Code(err) != codes.Unauthenticated {
			t.Errorf("gRPC, %q: %v", header, err)
		}
		response, _ := post(t, tracesURL(r), string(oneSpan("a")), contentType, protobufType, "Authorization", header)
		if (response.StatusCode == http.StatusOK) != good || !good && (response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer") {
			t.Errorf("HTTP, %q: %s", header, response.Status)
		}
		if !good {
			refused += 2
		}
	}
	if got := r.Stats().Unauthenticated; got != refused {
		t.Errorf("%d are counted, want %d", got, refused)
	}
	if _, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("a probe without the token: %v", err)
	}
}

func TestTLSAndClientCertificates(t *testing.T) {
	certificate, key := certify(t)
	config, err := receive.LoadTLS(certificate, key, certificate)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, TLS: config}, new(store).keep)
	known := config.Certificates
	for name, certificates := range map[string][]tls.Certificate{"known": known, "none": nil} {
		client := &tls.Config{RootCAs: config.ClientCAs, ServerName: "localhost", Certificates: certificates}
		good := certificates != nil

		conn := dial(t, r, grpc.WithTransportCredentials(credentials.NewTLS(client)))
		if _, err := export(context.Background(), conn, oneSpan("a")); (err == nil) != good {
			t.Errorf("gRPC, %s: %v", name, err)
		}
		for _, http2 := range []bool{false, true} {
			transport := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: http2}
			response, err := (&http.Client{Transport: transport}).Post("https://"+r.HTTPAddr()+"/v1/traces", jsonType, strings.NewReader(oneSpanJSON))
			if (err == nil) != good {
				t.Errorf("HTTP, %s: %v", name, err)
			}
			if err == nil {
				if response.StatusCode != http.StatusOK || (response.ProtoMajor == 2) != http2 {
					t.Errorf("%s %s", response.Proto, response.Status)
				}
				response.Body.Close()
			}
			transport.CloseIdleConnections()
		}
	}
}

func TestLoadTLSNamesTheFile(t *testing.T) {
	certificate, key := certify(t)
	if _, err := receive.LoadTLS(certificate, filepath.Join(t.TempDir(), "none"), ""); err == nil || !strings.Contains(err.Error(), "none") {
		t.Error(err)
	}
	if _, err := receive.LoadTLS(certificate, key, key); err == nil || !strings.Contains(err.Error(), key) {
		t.Error(err)
	}
}

// certify writes a certificate that signs itself, and its key.
func certify(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", keyDER)
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ReplaceAll(kind, " ", "-")+".pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
