package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/query/capture"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// listenFlags say where traces are received, and from whom.
type listenFlags struct {
	grpc, http         string
	cert, key, clients string
	token              string
	insecure           bool
}

func (l *listenFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&l.grpc, "listen-grpc", "127.0.0.1:4317", "without --from: receive OTLP over gRPC at this HOST:PORT (empty: not)")
	flags.StringVar(&l.http, "listen-http", "127.0.0.1:4318", "without --from: receive OTLP over HTTP at this HOST:PORT (empty: not)")
	flags.StringVar(&l.cert, "listen-tls-cert", "", "serve TLS with the certificate in this FILE")
	flags.StringVar(&l.key, "listen-tls-key", "", "the key of --listen-tls-cert, a FILE")
	flags.StringVar(&l.clients, "listen-client-ca", "", "take only clients with a certificate of an authority in this FILE")
	flags.StringVar(&l.token, "listen-token", "", "take only clients with this bearer token; @FILE reads it")
	flags.BoolVar(&l.insecure, "insecure-listen", false, "listen beyond loopback without TLS and a token")
}

// options reads the files that the flags name.
func (l *listenFlags) options() (receive.Options, error) {
	options := receive.Options{GRPCAddr: l.grpc, HTTPAddr: l.http, Insecure: l.insecure}
	switch {
	case l.grpc == "" && l.http == "":
		return options, wrongUsage("", "--listen-grpc and --listen-http are both empty: nothing to listen to")
	case (l.cert == "") != (l.key == ""):
		return options, wrongUsage("", "--listen-tls-cert and --listen-tls-key go together")
	case l.clients != "" && l.cert == "":
		return options, wrongUsage("", "--listen-client-ca needs --listen-tls-cert and --listen-tls-key")
	}
	if l.cert != "" {
		config, err := receive.LoadTLS(l.cert, l.key, l.clients)
		if err != nil {
			return options, err
		}
		options.TLS = config
	}
	token, err := secret(l.token)
	if err != nil {
		return options, fmt.Errorf("--listen-token: %w", err)
	}
	options.Token = token
	return options, nil
}

// secret returns a value, or what stands in the file that it names after an @.
func secret(value string) (string, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return token, nil
}

// recordLive keeps what comes in until it is interrupted. The capture is begun
// with the first spans: a receiver that nobody sends to leaves no file behind.
func (p *program) recordLive(ctx context.Context, o *recordFlags) error {
	options, err := o.listen.options()
	if err != nil {
		return err
	}
	p.lingers.Store(true)
	kept := &liveCapture{
		begin:  sync.OnceValues(func() (*capture.Writer, error) { return p.beginCapture(o) }),
		broken: make(chan error, 1),
	}
	receiver, err := receive.Listen(context.WithoutCancel(ctx), options, kept.keep)
	if err != nil {
		return explainListen(err)
	}
	p.sayWhereItListens(receiver)
	select {
	case <-ctx.Done():
	case err = <-kept.broken:
	case err = <-receiver.Failed():
	}
	return errors.Join(err, p.endLive(receiver, kept))
}

// liveCapture is the capture of what is received.
type liveCapture struct {
	begin  func() (*capture.Writer, error) // once
	begun  atomic.Bool
	broken chan error // its first error, which is its last: no more can be kept
}

// keep is a [receive.Sink]. The capture copies what it is given.
func (l *liveCapture) keep(batch *receive.Batch) error {
	l.begun.Store(true)
	writer, err := l.begin()
	if err == nil {
		err = writer.Write(otlp.Traces, batch.Message)
	}
	if err != nil {
		select {
		case l.broken <- err:
		default:
		}
		return err
	}
	batch.Release()
	return nil
}

func (l *liveCapture) close() error {
	if !l.begun.Load() {
		return nil
	}
	writer, err := l.begin()
	if err != nil {
		return nil // it was told when it happened
	}
	return writer.Close()
}

// endLive answers the requests that are here, keeps them, and says what came.
func (p *program) endLive(receiver *receive.Receiver, kept *liveCapture) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience-time.Second)
	defer cancel()
	err := receiver.Shutdown(ctx)
	err = errors.Join(err, kept.close())
	s := receiver.Stats()
	p.say("received", fmt.Sprintf("spans %d in %d requests", s.Spans, s.Requests))
	for _, odd := range []struct {
		count uint64
		words string
	}{
		{s.RefusedSpans, "spans refused, their senders were told why"},
		{s.Malformed, "requests that could not be read"},
		{s.TooLarge, "requests that were too large"},
		{s.Incomplete, "requests that broke off or came too slowly"},
		{s.Busy, "requests refused under pressure, to be sent again"},
		{s.Unauthenticated, "requests without the token"},
		{s.DroppedMetrics, "requests of metrics, which are not kept"},
		{s.DroppedLogs, "requests of logs, which are not kept"},
		{s.ConnectionsRefused + s.ConnectionsShed, "connections refused or closed, there were too many"},
	} {
		if odd.count > 0 {
			p.say("warning", fmt.Sprintf("%d %s", odd.count, odd.words))
		}
	}
	return err
}

func (p *program) sayWhereItListens(receiver *receive.Receiver) {
	if at := receiver.GRPCAddr(); at != "" {
		p.say("listening", "OTLP over gRPC at "+at)
	}
	if at := receiver.HTTPAddr(); at != "" {
		p.say("listening", "OTLP over HTTP at "+at)
	}
}

// explainListen adds to an error what to do about it.
func explainListen(err error) error {
	if errors.Is(err, receive.ErrExposed) {
		return &failure{statusUsage, err, "give --listen-tls-cert, --listen-tls-key and --listen-token, or say --insecure-listen"}
	}
	return &failure{statusFailed, err, "--listen-grpc and --listen-http choose other ports"}
}
