;; Decodes one lz4 block inside its own memory: input and output are regions of it. The same as
;; `lz4DecodeBlock` in lz4-block.ts, eight bytes at a time. It trusts nothing but its arguments;
;; reads and writes may run up to 8 bytes over the end of a region, where there must be memory.
;;
;; Assembled into lz4-wasm.ts by `npm run wasm`.
(module
  (memory (export "memory") 1)
  ;; Returns the end of the output, -1 for a malformed block, -2 when `limit` is too near.
  (func (export "decode")
    (param $p i32) (param $end i32) (param $o i32) (param $limit i32) (param $floor i32)
    (result i32)
    (local $token i32) (local $length i32) (local $byte i32) (local $from i32) (local $to i32)
    (local $distance i32)
    (loop $sequence
      (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
      (local.set $token (i32.load8_u (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))

      ;; literals
      (local.set $length (i32.shr_u (local.get $token) (i32.const 4)))
      (if (i32.eq (local.get $length) (i32.const 15))
        (then
          (loop $more
            (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
            (local.set $byte (i32.load8_u (local.get $p)))
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
      (if (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $p)))
        (then (return (i32.const -1))))
      (if (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $o)))
        (then (return (i32.const -2))))
      (local.set $from (local.get $p))
      (local.set $to (local.get $o))
      (local.set $p (i32.add (local.get $p) (local.get $length)))
      (local.set $o (i32.add (local.get $o) (local.get $length)))
      (if (local.get $length)
        (then
          (loop $copy
            (i64.store align=1 (local.get $to) (i64.load align=1 (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 8)))
            (local.set $to (i32.add (local.get $to) (i32.const 8)))
            (br_if $copy (i32.lt_u (local.get $to) (local.get $o))))))
      (if (i32.eq (local.get $p) (local.get $end)) (then (return (local.get $o))))

      ;; match
      (if (i32.lt_u (i32.sub (local.get $end) (local.get $p)) (i32.const 2))
        (then (return (i32.const -1))))
      (local.set $distance (i32.load16_u align=1 (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (if (i32.or
            (i32.eqz (local.get $distance))
            (i32.gt_u (local.get $distance) (i32.sub (local.get $o) (local.get $floor))))
        (then (return (i32.const -1))))
      (local.set $length (i32.and (local.get $token) (i32.const 15)))
      (if (i32.eq (local.get $length) (i32.const 15))
        (then
          (loop $more
            (if (i32.ge_u (local.get $p) (local.get $end)) (then (return (i32.const -1))))
            (local.set $byte (i32.load8_u (local.get $p)))
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
      (local.set $length (i32.add (local.get $length) (i32.const 4)))
      (if (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $o)))
        (then (return (i32.const -2))))
      (local.set $from (i32.sub (local.get $o) (local.get $distance)))
      (local.set $to (local.get $o))
      (local.set $o (i32.add (local.get $o) (local.get $length)))
      (if (i32.ge_u (local.get $distance) (i32.const 8))
        (then
          (loop $copy
            (i64.store align=1 (local.get $to) (i64.load align=1 (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 8)))
            (local.set $to (i32.add (local.get $to) (i32.const 8)))
            (br_if $copy (i32.lt_u (local.get $to) (local.get $o)))))
        (else
          ;; Source and target overlap: byte by byte.
          (loop $copy
            (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (br_if $copy (i32.lt_u (local.get $to) (local.get $o))))))
      (br $sequence))
    (unreachable)))
