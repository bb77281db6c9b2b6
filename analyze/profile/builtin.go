package profile

import (
	"embed"
	"fmt"
	"os"
	"strings"
)

//go:embed builtin/*.yaml
var builtinFiles embed.FS

// builtinNames is the order in which built-in profiles win where all else is
// equal.
var builtinNames = [...]string{"pfptrace", "triton", "vllm", "tgi", "sglang", "pubsub", "kafka", "collector", "dataloader"}

// Builtin returns the profiles that come with pfptrace, in their order.
func Builtin() []*Profile {
	var out []*Profile
	for _, name := range builtinNames {
		p, err := loadBuiltin(name)
		if err != nil {
			panic(err) // a test parses each: this needs a broken build
		}
		out = append(out, p)
	}
	return out
}

func loadBuiltin(name string) (*Profile, error) {
	file := "builtin/" + name + ".yaml"
	text, err := builtinFiles.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// Load returns the built-in profile with this name, or the one in this file.
func Load(nameOrFile string) (*Profile, error) {
	for _, name := range builtinNames {
		if name == nameOrFile {
			return loadBuiltin(name)
		}
	}
	info, err := os.Stat(nameOrFile)
	if err != nil {
		return nil, fmt.Errorf("profile %q is neither built in (%s) nor a file that can be read: %w", nameOrFile, strings.Join(builtinNames[:], ", "), err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes, a rule file has at most %d", nameOrFile, info.Size(), maxFile)
	}
	text, err := os.ReadFile(nameOrFile)
	if err != nil {
		return nil, err
	}
	return Parse(nameOrFile, text)
}
