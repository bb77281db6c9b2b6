// Package bench compares pfptrace's readers with the Collector's. It is a
// module of its own so that the Collector's modules stay out of pfptrace's.
package bench
