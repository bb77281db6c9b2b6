package receive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// served fails unless both protocols answer within some seconds.
func served(t *testing.T, r *receive.Receiver) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := export(ctx, dial(t, r), oneSpan("good")); err != nil {
		t.Errorf("gRPC: %v", err)
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Post(tracesURL(r), protobufType, bytes.NewReader(oneSpan("good")))
	if err != nil {
		t.Errorf("HTTP: %v", err)
		return
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("HTTP: %s", response.Status)
	}
}

// grownBy returns by how many bytes the heap is larger after do than before.
func grownBy(do func()) int64 {
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	do()
	return heap() - before
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func write(t *testing.T, w io.Writer, data []byte) {
	t.Helper()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
}

func TestHalfOpenConnections(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, MaxConnections: 400}, new(store).keep)
	grown := grownBy(func() {
		for range 150 {
			connect(t, r.GRPCAddr())
			write(t, connect(t, r.HTTPAddr()), []byte("POST /v1/traces HTTP/1.1\r\nHost:"))
		}
		eventually(t, "all are open", func() bool { return r.Stats().Connections == 300 })
	})
	if grown > 64<<20 {
		t.Errorf("300 connections that say nothing cost %d bytes", grown)
	}
	served(t, r)
}

func TestConnectionsAboveTheLimitAreClosedAndCounted(t *testing.T) {
	long(t)
	r := start(t, receive.Options{HTTPAddr: loopback, MaxConnections: 2}, new(store).keep)
	connect(t, r.HTTPAddr())
	connect(t, r.HTTPAddr())
	eventually(t, "both are open", func() bool { return r.Stats().Connections == 2 })
	third := connect(t, r.HTTPAddr())
	third.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := third.Read(make([]byte, 1)); n != 0 || err == nil || r.Stats().ConnectionsRefused != 1 {
		t.Errorf("%d bytes, %v, stats %+v", n, err, r.Stats())
	}
}

// A bomb is much nothing in few bytes.
func TestBombs(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, MaxMessage: 1 << 20}, new(store).keep)
	plain := make([]byte, 32<<20)
	grown := grownBy(func() {
		conn := dial(t, r, grpc.WithDefaultCallOptions(grpc.UseCompressor("gzip")))
		for range 3 {
			if _, err := export(context.Background(), conn, plain); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("gRPC: %v", err)
			}
		}
		for name, bomb := range map[string][]byte{"gzip": gzipped(t, plain), "zstd": zstandard(t, plain)} {
			for range 3 {
				if response, _ := post(t, tracesURL(r), string(bomb), contentType, protobufType, contentEncoding, name); response.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%s: %s", name, response.Status)
				}
			}
		}
	})
	if grown > 8<<20 {
		t.Errorf("bombs cost %d bytes", grown)
	}
	served(t, r)
}

func TestTwoGigabytesAnnouncedAndNeverSent(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, new(store).keep)
	grown := grownBy(func() {
		for _, size := range []int{2 << 30, 16 << 20} {
			for range 20 {
				write(t, connect(t, r.HTTPAddr()), fmt.Appendf(nil, "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n\n", protobufType, size))
				h := hello(t, connect(t, r.GRPCAddr()))
				h.open(t, 1)
				h.data(t, 1, binary.BigEndian.AppendUint32([]byte{0}, uint32(size)))
			}
		}
		eventually(t, "they are refused", func() bool { return r.Stats().TooLarge == 40 })
		served(t, r)
	})
	if grown > 32<<20 {
		t.Errorf("announcements cost %d bytes", grown)
	}
}

// Streams that are opened and left, far more than a connection may have.
func TestAHundredThousandStreams(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, new(store).keep)
	grown := grownBy(func() {
		conn := connect(t, r.GRPCAddr())
		h := hello(t, conn)
		go io.Copy(io.Discard, conn) // the server's refusals
		for i := range uint32(100_000) {
			if err := h.tryOpen(2*i + 1); err != nil {
				break // closed is an answer, too
			}
		}
		served(t, r)
	})
	if grown > 32<<20 {
		t.Errorf("streams cost %d bytes", grown)
	}
}

// Many connections each hold a large part of a message. Together they are over
// any budget: the heaviest are closed, and others are served.
func TestConnectionsThatHoldPartsOfMessages(t *testing.T) {
	long(t)
	const limit = 16 << 20
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, InFlight: limit}, new(store).keep)
	part := make([]byte, 16<<10)
	peak := int64(0)
	var clients []*handmade
	for range 20 {
		h := hello(t, connect(t, r.GRPCAddr()))
		h.open(t, 1)
		h.data(t, 1, binary.BigEndian.AppendUint32([]byte{0}, 15<<20))
		clients = append(clients, h)
	}
	eventually(t, "all are admitted", func() bool { return r.Stats().InFlight > 0 || r.Stats().Connections == 20 })
	for _, h := range clients {
		for range 4 << 20 / len(part) {
			if h.tryData(1, part) != nil {
				break // shed
			}
			peak = max(peak, r.Stats().InFlight)
		}
	}
	eventually(t, "what was shed is free", func() bool {
		runtime.GC()
		return r.Stats().InFlight <= 2*limit
	})
	if shed := r.Stats().ConnectionsShed; shed == 0 || peak > 4*limit {
		t.Errorf("%d were closed, at most %d bytes were in flight", shed, peak)
	}
	// Those below twice the limit go when others have been refused for a while.
	eventually(t, "others are served", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := export(ctx, dial(t, r), oneSpan("good"))
		return err == nil
	})
}

// A request that does not come in time gives its place back.
func TestRequestsThatNeverEnd(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, Timeout: 300 * time.Millisecond}, new(store).keep)
	h := hello(t, connect(t, r.GRPCAddr()))
	h.open(t, 1)
	h.data(t, 1, binary.BigEndian.AppendUint32([]byte{0}, 1<<20))
	conn := connect(t, r.HTTPAddr())
	write(t, conn, fmt.Appendf(nil, "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\nbegun", protobufType))
	eventually(t, "both are given up", func() bool { return r.Stats().Incomplete == 2 })
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 408" {
		t.Errorf("%q %v", answer, err)
	}
	silent := connect(t, r.GRPCAddr())
	silent.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.ReadAll(silent); err != nil {
		t.Errorf("a connection that says nothing is not closed: %v", err)
	}
}

// handmade is an HTTP/2 client that keeps no rules.
type handmade struct {
	framer  *http2.Framer
	headers bytes.Buffer
	encoder *hpack.Encoder
}

func hello(t *testing.T, conn net.Conn) *handmade {
	t.Helper()
	write(t, conn, []byte(http2.ClientPreface))
	h := &handmade{framer: http2.NewFramer(conn, conn)}
	h.encoder = hpack.NewEncoder(&h.headers)
	if err := h.framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *handmade) tryOpen(id uint32) error {
	h.headers.Reset()
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", exportTraces}, {":authority", "a"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := h.encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			return err
		}
	}
	return h.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: h.headers.Bytes(), EndHeaders: true})
}

func (h *handmade) open(t *testing.T, id uint32) {
	t.Helper()
	if err := h.tryOpen(id); err != nil {
		t.Fatal(err)
	}
}

func (h *handmade) tryData(id uint32, data []byte) error { return h.framer.WriteData(id, false, data) }

func (h *handmade) data(t *testing.T, id uint32, data []byte) {
	t.Helper()
	if err := h.tryData(id, data); err != nil {
		t.Fatal(err)
	}
}
