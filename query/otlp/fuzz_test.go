package otlp_test

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func FuzzProto(f *testing.F) {
	for _, v := range variants() {
		f.Add(v.rewrite(rich()))
	}
	f.Add([]byte{})
	f.Fuzz(agree)
}

// A stranger's bytes: good messages with some of them changed, cut or moved.
func TestMutatedMessages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var seeds [][]byte
	for _, v := range variants() {
		seeds = append(seeds, v.rewrite(rich()))
	}
	for range 30_000 {
		msg := slices.Clone(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(3) {
			msg = mutated(random, msg)
		}
		agree(t, msg)
	}
}

func mutated(random *rand.Rand, msg []byte) []byte {
	if len(msg) == 0 {
		return msg
	}
	at := random.IntN(len(msg))
	end := at + random.IntN(min(16, len(msg)-at)+1)
	switch random.IntN(6) {
	case 0:
		msg[at] ^= 1 << random.IntN(8)
	case 1:
		msg[at] += byte(random.IntN(5)) - 2
	case 2:
		msg = msg[:at]
	case 3:
		msg = slices.Delete(msg, at, end)
	case 4:
		msg = slices.Insert(msg, at, slices.Clone(msg[at:end])...)
	case 5:
		msg[at] = byte(random.IntN(256))
	}
	return msg
}
