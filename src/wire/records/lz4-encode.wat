;; Encodes one lz4 block of at most 64 KiB inside its own memory, in two ways: `fast` takes the first
;; match that a hash table offers; `search` looks through chains of earlier places for the longest
;; match at every byte, and then chooses, from the end backwards, what makes the shortest block.
;; Positions are at most 65,535; in tables they are stored plus one, so that zero means none.
;;
;;        0  input (64 KiB), and what a comparison may read beyond it
;;  0x11000  heads: the newest place of each hash, 16 bits
;;  0x21000  chain: the place before of the same hash, 16 bits by position
;;  0x41000  lengths: of the match at a position; after the choice 0 for a literal, 16 bits
;;  0x61000  distances of the matches, 16 bits
;;  0x81000  costs: bytes from a position to the end, 32 bits
;;  0xc2000  runs: literals from a position on, 32 bits
;; 0x103000  output (up to 65,809 bytes), and what a copy may write beyond it
;;
;; Assembled into lz4-encode-wasm.ts by `npm run wasm`.
(module
  (memory (export "memory") 18)

  ;; How many bytes from $a on are those from $b on, $a staying below $limit.
  (func $common (param $a i32) (param $b i32) (param $limit i32) (result i32)
    (local $from i32) (local $difference i64)
    (local.set $from (local.get $a))
    (block $tail
      (loop $eight
        (br_if $tail (i32.gt_s (i32.add (local.get $a) (i32.const 8)) (local.get $limit)))
        (local.set $difference
          (i64.xor (i64.load align=1 (local.get $a)) (i64.load align=1 (local.get $b))))
        (if (i64.ne (local.get $difference) (i64.const 0))
          (then
            (return
              (i32.add
                (i32.sub (local.get $a) (local.get $from))
                (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $difference)) (i64.const 3)))))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (br $eight)))
    (block $done
      (loop $one
        (br_if $done (i32.ge_s (local.get $a) (local.get $limit)))
        (br_if $done (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br $one)))
    (i32.sub (local.get $a) (local.get $from)))

  ;; The bytes that continue a length whose four bits are full.
  (func $length (param $o i32) (param $rest i32) (result i32)
    (block $done
      (loop $more
        (br_if $done (i32.lt_u (local.get $rest) (i32.const 255)))
        (i32.store8 (local.get $o) (i32.const 255))
        (local.set $o (i32.add (local.get $o) (i32.const 1)))
        (local.set $rest (i32.sub (local.get $rest) (i32.const 255)))
        (br $more)))
    (i32.store8 (local.get $o) (local.get $rest))
    (i32.add (local.get $o) (i32.const 1)))

  ;; A token and the literals [$from, $to); $match is the lower half of the token.
  (func $literals (param $from i32) (param $to i32) (param $o i32) (param $match i32) (result i32)
    (local $count i32) (local $end i32)
    (local.set $count (i32.sub (local.get $to) (local.get $from)))
    (if (i32.lt_u (local.get $count) (i32.const 15))
      (then
        (i32.store8
          (local.get $o)
          (i32.or (i32.shl (local.get $count) (i32.const 4)) (local.get $match)))
        (local.set $o (i32.add (local.get $o) (i32.const 1))))
      (else
        (i32.store8 (local.get $o) (i32.or (i32.const 0xf0) (local.get $match)))
        (local.set $o
          (call $length
            (i32.add (local.get $o) (i32.const 1))
            (i32.sub (local.get $count) (i32.const 15))))))
    (local.set $end (i32.add (local.get $o) (local.get $count)))
    (block $done
      (loop $copy
        (br_if $done (i32.ge_u (local.get $o) (local.get $end)))
        (i64.store align=1 (local.get $o) (i64.load align=1 (local.get $from)))
        (local.set $o (i32.add (local.get $o) (i32.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $copy)))
    (local.get $end))

  ;; One sequence: the literals [$anchor, $p) and the match at $p. Returns the end of the output.
  (func $sequence
    (param $anchor i32) (param $p i32) (param $o i32) (param $distance i32) (param $matched i32)
    (result i32)
    (local $extra i32)
    (local.set $extra (i32.sub (local.get $matched) (i32.const 4)))
    (local.set $o
      (call $literals
        (local.get $anchor)
        (local.get $p)
        (local.get $o)
        (select
          (local.get $extra)
          (i32.const 15)
          (i32.lt_u (local.get $extra) (i32.const 15)))))
    (i32.store16 align=1 (local.get $o) (local.get $distance))
    (local.set $o (i32.add (local.get $o) (i32.const 2)))
    (if (result i32) (i32.lt_u (local.get $extra) (i32.const 15))
      (then (local.get $o))
      (else
        (call $length (local.get $o) (i32.sub (local.get $extra) (i32.const 15))))))

  ;; Encodes input [0, $end); returns how many bytes of output that makes.
  (func (export "fast") (param $end i32) (result i32)
    (local $p i32) (local $anchor i32) (local $o i32) (local $misses i32) (local $limit i32)
    (local $word i32) (local $slot i32) (local $place i32) (local $matched i32)
    (memory.fill (i32.const 0x11000) (i32.const 0) (i32.const 0x4000))
    (local.set $o (i32.const 0x103000))
    (local.set $misses (i32.const 64))
    ;; The last match begins 12 bytes before the end at the latest.
    (local.set $limit (i32.sub (local.get $end) (i32.const 12)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $p) (local.get $limit)))
        (local.set $word (i32.load align=1 (local.get $p)))
        (local.set $slot
          (i32.shl
            (i32.shr_u (i32.mul (local.get $word) (i32.const 0x9e3779b1)) (i32.const 19))
            (i32.const 1)))
        (local.set $place (i32.sub (i32.load16_u offset=0x11000 (local.get $slot)) (i32.const 1)))
        (i32.store16 offset=0x11000 (local.get $slot) (i32.add (local.get $p) (i32.const 1)))
        (block $match
          (block $miss
            (br_if $miss (i32.lt_s (local.get $place) (i32.const 0)))
            (br_if $match (i32.eq (i32.load align=1 (local.get $place)) (local.get $word))))
          (local.set $p
            (i32.add (local.get $p) (i32.shr_u (local.get $misses) (i32.const 6))))
          (local.set $misses (i32.add (local.get $misses) (i32.const 1)))
          (br $next))
        (local.set $misses (i32.const 64))
        (block $begins
          (loop $back
            (br_if $begins (i32.le_s (local.get $p) (local.get $anchor)))
            (br_if $begins (i32.eqz (local.get $place)))
            (br_if $begins
              (i32.ne
                (i32.load8_u (i32.sub (local.get $p) (i32.const 1)))
                (i32.load8_u (i32.sub (local.get $place) (i32.const 1)))))
            (local.set $p (i32.sub (local.get $p) (i32.const 1)))
            (local.set $place (i32.sub (local.get $place) (i32.const 1)))
            (br $back)))
        ;; The last 5 bytes are literals.
        (local.set $matched
          (call $common
            (local.get $p)
            (local.get $place)
            (i32.sub (local.get $end) (i32.const 5))))
        (local.set $o
          (call $sequence
            (local.get $anchor)
            (local.get $p)
            (local.get $o)
            (i32.sub (local.get $p) (local.get $place))
            (local.get $matched)))
        (local.set $p (i32.add (local.get $p) (local.get $matched)))
        (local.set $anchor (local.get $p))
        (if (i32.lt_s (local.get $p) (local.get $limit))
          (then
            (i32.store16 offset=0x11000
              (i32.shl
                (i32.shr_u
                  (i32.mul
                    (i32.load align=1 (i32.sub (local.get $p) (i32.const 2)))
                    (i32.const 0x9e3779b1))
                  (i32.const 19))
                (i32.const 1))
              (i32.sub (local.get $p) (i32.const 1)))))
        (br $next)))
    (i32.sub
      (call $literals (local.get $anchor) (local.get $end) (local.get $o) (i32.const 0))
      (i32.const 0x103000)))

  ;; The same, the longest match of each byte among the $depth newest places of its hash. Within one
  ;; that is longer than $enough no other is looked for.
  (func (export "search") (param $end i32) (param $depth i32) (param $enough i32) (result i32)
    (call $find (local.get $end) (local.get $depth) (local.get $enough))
    (call $choose (local.get $end))
    (call $emit (local.get $end)))

  (func $find (param $end i32) (param $depth i32) (param $enough i32)
    (local $p i32) (local $limit i32) (local $matchLimit i32) (local $word i32) (local $slot i32)
    (local $place i32) (local $left i32) (local $best i32) (local $distance i32) (local $matched i32)
    (local $far i32)
    (memory.fill (i32.const 0x11000) (i32.const 0) (i32.const 0x10000))
    (memory.fill (i32.const 0x41000) (i32.const 0) (i32.const 0x20000))
    (memory.fill (i32.const 0x81000) (i32.const 0) (i32.const 0x10000))
    (local.set $limit (i32.sub (local.get $end) (i32.const 12)))
    (local.set $matchLimit (i32.sub (local.get $end) (i32.const 5)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $p) (local.get $limit)))
        (local.set $word (i32.load align=1 (local.get $p)))
        (local.set $slot
          (i32.shl
            (i32.shr_u (i32.mul (local.get $word) (i32.const 0x9e3779b1)) (i32.const 17))
            (i32.const 1)))
        (local.set $place (i32.load16_u offset=0x11000 (local.get $slot)))
        (i32.store16 offset=0x21000
          (i32.shl (local.get $p) (i32.const 1))
          (local.get $place))
        (i32.store16 offset=0x11000 (local.get $slot) (i32.add (local.get $p) (i32.const 1)))
        (local.set $slot
          (i32.wrap_i64
            (i64.shl
              (i64.shr_u
                (i64.mul (i64.load align=1 (local.get $p)) (i64.const 0x9e3779b97f4a7c15))
                (i64.const 49))
              (i64.const 1))))
        (local.set $far (i32.load16_u offset=0x81000 (local.get $slot)))
        (i32.store16 offset=0x81000 (local.get $slot) (i32.add (local.get $p) (i32.const 1)))
        (if (i32.gt_u (local.get $best) (local.get $enough))
          (then (local.set $best (i32.sub (local.get $best) (i32.const 1))))
          (else
            (local.set $best (i32.const 3))
            (local.set $left (local.get $depth))
            (if (local.get $far)
              (then
                (local.set $far (i32.sub (local.get $far) (i32.const 1)))
                (local.set $matched
                  (call $common (local.get $p) (local.get $far) (local.get $matchLimit)))
                (if (i32.gt_u (local.get $matched) (local.get $best))
                  (then
                    (local.set $best (local.get $matched))
                    (local.set $distance (i32.sub (local.get $p) (local.get $far)))))))
            (block $searched
              (loop $candidate
                (br_if $searched (i32.eqz (local.get $place)))
                (br_if $searched (i32.eqz (local.get $left)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (local.set $place (i32.sub (local.get $place) (i32.const 1)))
                ;; Only one that is equal there can be longer than the best so far.
                (if (i32.eq
                      (i32.load align=1
                        (i32.add (local.get $place) (i32.sub (local.get $best) (i32.const 3))))
                      (i32.load align=1
                        (i32.add (local.get $p) (i32.sub (local.get $best) (i32.const 3)))))
                  (then
                    (local.set $matched
                      (call $common
                        (local.get $p)
                        (local.get $place)
                        (local.get $matchLimit)))
                    (if (i32.gt_u (local.get $matched) (local.get $best))
                      (then
                        (local.set $best (local.get $matched))
                        (local.set $distance (i32.sub (local.get $p) (local.get $place)))
                        (br_if $searched
                          (i32.ge_s
                            (i32.add (local.get $p) (local.get $best))
                            (local.get $matchLimit)))))))
                (local.set $place
                  (i32.load16_u offset=0x21000 (i32.shl (local.get $place) (i32.const 1))))
                (br $candidate)))))
        (local.set $slot (i32.shl (local.get $p) (i32.const 1)))
        (i32.store16 offset=0x41000 (local.get $slot) (local.get $best))
        (i32.store16 offset=0x61000 (local.get $slot) (local.get $distance))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $next))))

  ;; From the end backwards: a literal, or which length of the match, makes the rest the shortest.
  (func $choose (param $end i32)
    (local $p i32) (local $at i32) (local $cost i32) (local $run i32) (local $longest i32)
    (local $length i32) (local $other i32) (local $chosen i32)
    (i32.store offset=0x81000 (i32.shl (local.get $end) (i32.const 2)) (i32.const 0))
    (i32.store offset=0xc2000 (i32.shl (local.get $end) (i32.const 2)) (i32.const 0))
    (local.set $p (local.get $end))
    (block $done
      (loop $before
        (br_if $done (i32.eqz (local.get $p)))
        (local.set $p (i32.sub (local.get $p) (i32.const 1)))
        (local.set $at (i32.shl (local.get $p) (i32.const 2)))
        (local.set $run (i32.add (i32.load offset=0xc2004 (local.get $at)) (i32.const 1)))
        (local.set $cost (i32.add (i32.load offset=0x81004 (local.get $at)) (i32.const 1)))
        ;; The 15th literal in a row and every 255th after it take a byte more.
        (if (i32.ge_u (local.get $run) (i32.const 15))
          (then
            (if (i32.eqz
                  (i32.rem_u (i32.sub (local.get $run) (i32.const 15)) (i32.const 255)))
              (then (local.set $cost (i32.add (local.get $cost) (i32.const 1)))))))
        (local.set $chosen (i32.const 0))
        (local.set $longest
          (i32.load16_u offset=0x41000 (i32.shl (local.get $p) (i32.const 1))))
        (if (i32.ge_u (local.get $longest) (i32.const 4))
          (then
            (local.set $length (local.get $longest))
            (loop $shorter
              (local.set $other
                (i32.add
                  (i32.const 3)
                  (i32.load offset=0x81000
                    (i32.shl (i32.add (local.get $p) (local.get $length)) (i32.const 2)))))
              (if (i32.ge_u (local.get $length) (i32.const 19))
                (then
                  (local.set $other
                    (i32.add
                      (i32.add (local.get $other) (i32.const 1))
                      (i32.div_u
                        (i32.sub (local.get $length) (i32.const 19))
                        (i32.const 255))))))
              (if (i32.lt_u (local.get $other)
                    (i32.add (local.get $cost) (i32.eqz (local.get $chosen))))
                (then
                  (local.set $cost (local.get $other))
                  (local.set $chosen (local.get $length))))
              ;; Of the long ones only the longest is tried.
              (local.set $length
                (select
                  (i32.const 18)
                  (i32.sub (local.get $length) (i32.const 1))
                  (i32.gt_u (local.get $length) (i32.const 19))))
              (br_if $shorter (i32.ge_u (local.get $length) (i32.const 4))))))
        (i32.store16 offset=0x41000
          (i32.shl (local.get $p) (i32.const 1))
          (local.get $chosen))
        (i32.store offset=0x81000 (local.get $at) (local.get $cost))
        (i32.store offset=0xc2000
          (local.get $at)
          (select (i32.const 0) (local.get $run) (local.get $chosen)))
        (br $before))))

  (func $emit (param $end i32) (result i32)
    (local $p i32) (local $anchor i32) (local $o i32) (local $matched i32) (local $at i32)
    (local.set $o (i32.const 0x103000))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $at (i32.shl (local.get $p) (i32.const 1)))
        (local.set $matched (i32.load16_u offset=0x41000 (local.get $at)))
        (if (i32.eqz (local.get $matched))
          (then
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (br $next)))
        (local.set $o
          (call $sequence
            (local.get $anchor)
            (local.get $p)
            (local.get $o)
            (i32.load16_u offset=0x61000 (local.get $at))
            (local.get $matched)))
        (local.set $p (i32.add (local.get $p) (local.get $matched)))
        (local.set $anchor (local.get $p))
        (br $next)))
    (i32.sub
      (call $literals (local.get $anchor) (local.get $end) (local.get $o) (i32.const 0))
      (i32.const 0x103000))))
