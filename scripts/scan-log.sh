#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Search a kernel log for warnings, bugs, and findings of lockdep, KASAN,
# kmemleak and similar tools. Prints each such line with its number and the
# lines after it, and fails if there is any.
# usage: scan-log.sh FILE

file=${1:?usage: scan-log.sh FILE}
[ -r "$file" ] || { echo "$file: cannot read the log"; exit 2; }

findings=(
	'WARNING: '
	'BUG: '
	'BUG at '
	'kernel BUG'
	'Oops'
	'general protection fault'
	'Unable to handle kernel'
	'Kernel panic'
	'Kernel tried to'
	'KASAN: '
	'KFENCE: '
	'KCSAN: '
	'UBSAN: '
	'INFO: (possible|trying|task|rcu|suspicious|lockdep|HARDIRQ|inconsistent)'
	'possible (circular|recursive) locking'
	'possible irq lock inversion'
	'possible deadlock'
	'inconsistent lock state'
	'suspicious RCU usage'
	'rcu: .*stall'
	'blocked for more than'
	'soft lockup'
	'hard LOCKUP'
	'sleeping function called from invalid context'
	'scheduling while atomic'
	'list_(add|del) corruption'
	'ODEBUG: '
	'kmemleak: .*suspected memory leak'
	'unreferenced object'
	'Bad page (state|map|cache)'
	'refcount_t: '
	'bad unlock balance'
	'nobody cared'
	'Trying to vfree'
	'------------\[ cut here \]'
)

pattern=$(IFS='|'; echo "${findings[*]}")
if grep -qaE "$pattern" "$file"; then
	grep -naE -A 8 "$pattern" "$file" | head -n 60 | cut -c 1-200
	exit 1
fi
