package areatest

import "fmt"

// A Text is a value at the edge of the lengths that a field accepts.
type Text struct {
	Name  string
	Value string
	OK    bool // whether the length is accepted
}

// scripts have code points that are one byte, three bytes, part of a syllable, or part of a
// picture.
var scripts = []struct {
	name     string
	alphabet []rune
}{
	{"ASCII", []rune("abc")},
	{"Hangul", []rune("가나다")},
	{"decomposed Hangul", []rune("\u1112\u1161\u11ab\u1100\u1173\u11af")},
	{"joined emoji", []rune("👩\u200d👩\u200d👧")},
}

// Lengths returns texts of least−1, least, most and most+1 code points in several scripts.
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
