package receive

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// ErrExposed is why Listen refuses an address that other hosts can reach.
var ErrExposed = errors.New("listening beyond loopback needs TLS and either a token or client certificates")

func (r *Receiver) open(ctx context.Context) (err error) {
	if r.options.GRPCAddr == "" && r.options.HTTPAddr == "" {
		return errors.New("neither a gRPC nor an HTTP address to listen on")
	}
	if r.grpcListener, err = r.listen(ctx, r.options.GRPCAddr); err != nil {
		return fmt.Errorf("OTLP over gRPC: %w", err)
	}
	if r.httpListener, err = r.listen(ctx, r.options.HTTPAddr); err != nil {
		return fmt.Errorf("OTLP over HTTP: %w", err)
	}
	return nil
}

// listen opens one port; an empty address opens none. What was checked and
// what is opened is one resolved address: a name may answer differently the
// second time.
func (r *Receiver) listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	if !resolved.IP.IsLoopback() && !r.options.Insecure && !r.guarded() {
		return nil, fmt.Errorf("address %q: %w", address, ErrExposed)
	}
	var config net.ListenConfig
	plain, err := config.Listen(ctx, "tcp", resolved.String())
	if err != nil {
		return nil, err
	}
	return &listener{plain, r}, nil
}

// guarded reports whether strangers cannot read what is sent and cannot send.
func (r *Receiver) guarded() bool {
	t := r.options.TLS
	return t != nil && (r.options.Token != "" || t.ClientAuth == tls.RequireAndVerifyClientCert)
}

// LoadTLS reads a certificate and its key, and, unless clientCA is "", the
// authorities that clients' certificates must come from.
func LoadTLS(certificate, key, clientCA string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s, key %s: %w", certificate, key, err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clientCA == "" {
		return config, nil
	}
	authorities, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("client authorities: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("client authorities: %s holds no certificate in PEM", clientCA)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}
