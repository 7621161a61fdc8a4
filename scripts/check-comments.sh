#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Comments must name their subjects: a sentence may not open with one of the
# words below, unless it is a question. Prints each line that breaks the rule.
# usage: check-comments.sh [FILE...]	(default: all sources)

words="who whom whose whoever what whatever lest"

# Print the lines of comments in which such a word opens a sentence:
# openings FILE...
openings() {
	awk -v words="$words" '
	BEGIN {
		nr_words = split(words, list, " ")
		for (i = 1; i <= nr_words; i++)
			refused[list[i]] = 1
	}

	FNR == 1 { end_comment(); depth = 0 }
	/SPDX-License-Identifier/ { end_comment(); next }

	# C: remove strings, so that comment marks in them do not count
	FILENAME ~ /\.[ch]$/ {
		rest = $0
		whole = rest ~ /^[ \t]*\/\//
		if (!depth && !(whole && was_whole))
			end_comment()
		was_whole = whole
		while (rest != "") {
			if (depth) {
				at = index(rest, "*/")
				add(at ? substr(rest, 1, at - 1) : rest)
				rest = at ? substr(rest, at + 2) : ""
				if (at) {
					depth = 0
					end_comment()
				}
				continue
			}
			gsub(/\047(\\.|[^\047\\])\047/, "", rest)
			gsub(/"(\\.|[^"\\])*"/, "", rest)
			if (!match(rest, /\/[*\/]/))
				break
			if (substr(rest, RSTART + 1, 1) == "/") {
				add(substr(rest, RSTART + 2))
				break
			}
			depth = 1
			rest = substr(rest, RSTART + 2)
		}
		next
	}

	# Python: a docstring is a comment too
	FILENAME ~ /\.py$/ && (depth || /^[ \t]*"""/) {
		text = $0
		nr = gsub(/"""/, "", text)
		add(text)
		depth = (depth + nr) % 2
		if (!depth)
			end_comment()
		next
	}

	# Other files: a "#" after white space begins a comment
	{
		whole = /^[ \t]*#/
		if (!(whole && was_whole))
			end_comment()
		was_whole = whole
		if (/^#!|# shellcheck /)
			end_comment()
		else if (match($0, /(^|[ \t])#+([ \t]|$)/))
			add(substr($0, RSTART + RLENGTH))
	}

	END { end_comment() }

	function end_sentence() {
		if (found)
			print found
		found = ""
	}

	function end_comment() {
		end_sentence()
		opening = 1
	}

	# Read a line of a comment; an empty line ends a paragraph. The first
	# word of a paragraph counts in lower case too. After a full stop only a
	# capital letter opens a sentence, because of abbreviations.
	function add(text,    i, n, word, part) {
		sub(/^[ \t]*\*+/, "", text)
		n = split(text, part, /[ \t]+/)
		if (text ~ /^[ \t]*$/)
			end_comment()
		for (i = 1; i <= n; i++) {
			word = part[i]
			if (word == "")
				continue
			if (word ~ /^(@[^ ]+|Returns?|Context|Note):$/) {
				end_comment()
				continue
			}
			if (word ~ /^(-|[0-9]+[.)])$/) {
				opening = opening ? opening : 2
				continue
			}
			if (opening)
				look(word)
			opening = 0
			if (word ~ /[.!?][)"\047]*$/) {
				if (word ~ /[?][)"\047]*$/)
					found = ""
				end_sentence()
				opening = 2
			}
		}
	}

	function look(word) {
		gsub(/^[^A-Za-z]+|[^A-Za-z].*$/, "", word)
		if (opening == 2 && word !~ /^[A-Z]/)
			return
		if (tolower(word) in refused)
			found = FILENAME ":" FNR ": " $0
	}' "$@"
}

# Try the rule on files of each language, with sentences that break the rule and
# sentences that do not. Prints lines if the result is wrong: try_rule DIRECTORY
try_rule() {
	local dir=$1 word mark=#
	for word in $words; do
		cat >>"$dir/bad.c" <<-END
			/* $word waits */
			/*
			 * Fine. ${word^} waits
			 * here.
			 */
			int a; // $word waits
			/** f() - ${word^} waits */
			/**
			 * @a: fine
			 * @b: $word waits
			 */
		END
		cat >>"$dir/good.c" <<-END
			/* A task knows $word waits. ${word^} waits? */
			char *b = "/* $word waits */";
		END
		cat >>"$dir/bad.sh" <<-END
			$mark $word waits
			true	$mark Fine. ${word^} waits
		END
		cat >>"$dir/good.sh" <<-END
			$mark A task knows
			$mark $word waits.
			echo "$mark $word waits"
		END
		printf '"""%s waits."""\n' "$word" >>"$dir/bad.py"
		printf '"""A task knows\n%s waits."""\n' "$word" >>"$dir/good.py"
	done
	openings "$dir"/bad.* >"$dir/found"
	cut -d : -f 3- "$dir/found" | grep -icE "^ .*($(tr ' ' '|' <<<"$words")) waits" \
		>"$dir/number"
	[ "$(cat "$dir/number")" -eq $((8 * $(wc -w <<<"$words"))) ] || {
		echo "the rule misses violations, and finds only:"
		cat "$dir/found"
	}
	openings "$dir"/good.*
}

cd "$(dirname "$0")/.." || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
try_rule "$scratch" >"$scratch/said"
if [ $# -eq 0 ]; then
	readarray -t files < <(git ls-files -co --exclude-standard src include \
		scripts tests tools kunit examples Makefile Kbuild .ci dkms.conf)
	set -- "${files[@]}"
fi
openings "$@" >>"$scratch/said"
cat "$scratch/said"
[ ! -s "$scratch/said" ]
