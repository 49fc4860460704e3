package picture

import (
	"math"
	"strconv"
)

// scale is where an axis ends that reaches up to highest, and how far its lines
// are apart: 1, 2 or 5 times a power of ten, three to six lines.
func scale(highest float64) (ceiling, step float64) {
	if highest <= 0 {
		return 1, 0.25
	}
	rough := highest / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if step = factor * power; step >= rough {
			break
		}
	}
	return step * math.Ceil(highest/step), step
}

// format writes a value in a unit, as Grafana calls it, in few letters.
func format(v float64, unit string) string {
	switch unit {
	case "percentunit":
		return short(v*100) + " %"
	case "s":
		if v != 0 && v < 1 {
			return short(v*1000) + " ms"
		}
		return short(v) + " s"
	case "bytes":
		return short(v/(1<<20)) + " MiB"
	case "binBps":
		return short(v/(1<<10)) + " KiB/s"
	case "reqps", "ops":
		return short(v) + "/s"
	}
	return short(v)
}

func short(v float64) string {
	suffix := ""
	if v >= 1000 {
		v, suffix = v/1000, "k"
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + suffix
}
