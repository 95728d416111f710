package areatest

import "fmt"

// A Text is one at the edge of what a field takes.
type Text struct {
	Name  string
	Value string
	OK    bool // whether its length is allowed
}

// scripts are alphabets in which a code point is one byte, three bytes, part of a syllable, and part of a picture.
var scripts = []struct {
	name     string
	alphabet []rune
}{
	{"ASCII", []rune("abc")},
	{"Hangul", []rune("가나다")},
	{"decomposed Hangul", []rune("\u1112\u1161\u11ab\u1100\u1173\u11af")},
	{"joined emoji", []rune("👩\u200d👩\u200d👧")},
}

// Lengths are texts of least−1, least, most and most+1 code points, in several scripts.
func Lengths(least, most int) (texts []Text) {
	for _, script := range scripts {
		for _, n := range []int{least - 1, least, most, most + 1} {
			text := make([]rune, n)
			for i := range text {
				text[i] = script.alphabet[i%len(script.alphabet)]
			}
			texts = append(texts, Text{fmt.Sprintf("%d of %s", n, script.name), string(text), n >= least && n <= most})
		}
	}
	return texts
}
