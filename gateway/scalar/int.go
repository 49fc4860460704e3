package scalar

import (
	"errors"
	"strconv"
	"strings"
)

// Int is a 32-bit integer. JSON does not distinguish integers from other numbers, so
// 2, 2.0 and 20e-1 are all accepted.
type Int int32

var errNotInt = errors.New("not an integer of 32 bits")

// UnmarshalJSON accepts a JSON number with an integral value only.
func (i *Int) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 32)
	if err != nil {
		n, err = strconv.ParseInt(expandExponent(string(b)), 10, 32)
	}
	if err != nil {
		return errNotInt
	}
	*i = Int(n)
	return nil
}

// expandExponent returns an integral number without point and exponent, or "" if it is not
// integral or longer than any Int.
func expandExponent(number string) string {
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(number), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimRight(whole+fraction, "0")
	if digits == "" || digits == "-" {
		return "0"
	}
	zeros := len(whole) - len(digits)
	if scaled {
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return ""
		}
		zeros += n
	}
	if zeros < 0 || zeros > len("9223372036854775807") {
		return ""
	}
	return digits + strings.Repeat("0", zeros)
}
