// Package script is what the Go programs beside it share: the records of the script, and how its steps are printed.
package script

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sort"
	"strings"
	"time"
)

const (
	Partitions = 3
	Each       = 6
	BeginMs    = int64(1_700_000_000_000)
	MiddleMs   = BeginMs + 9500
)

// Place is a partition and an offset.
type Place [2]int64

func Show(step string, value any) {
	line, err := json.Marshal(map[string]any{"step": step, "value": value})
	Must(err)
	fmt.Println(string(line))
}

func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Time of the record `index` of the codec number `codec`.
func Time(codec, index int) time.Time { return time.UnixMilli(BeginMs + int64(codec*Each+index)*1000) }

func Key(codec string, index int) string { return fmt.Sprintf("%s %d", codec, index) }

func Value(codec string, index int) string {
	return fmt.Sprintf("value of %s %d%s", codec, index, strings.Repeat(" ", 40))
}

func Sorted(places []Place) []Place {
	sort.Slice(places, func(a, b int) bool {
		return places[a][0] < places[b][0] || places[a][0] == places[b][0] && places[a][1] < places[b][1]
	})
	return places
}

// Version of a module, as it was built in.
func Version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, one := range info.Deps {
		if one.Path == module {
			return strings.TrimPrefix(one.Version, "v")
		}
	}
	return ""
}
