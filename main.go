// Pfptrace says where the time of requests went that share GPU batches. Run
// pfptrace --help for its commands.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
