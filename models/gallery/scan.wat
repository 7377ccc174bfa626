;; The loops of the two-stage profile: Hamming distances of sign bits, the nearest of them, and their exact scores. All
;; pointers are bytes in the memory of one block. See scan.ts.
;;
;; Signs lie as planes: a tile has 128 rows and a plane for each value, a bit a row, 16 bytes. So the rows of a tile are counted
;; all at once, by logic: of a number for each row the planes hold the bits, the lowest first. Of a probe only the planes count
;; whose sign it has: with c set among these, x set in the row and q in the probe, the distance is q + x - 2c.
(module
  (import "block" "memory" (memory 1 65536 shared))

  ;; A full adder: sum and carry.
  (func $add (param $a v128) (param $b v128) (param $c v128) (result v128 v128)
    (local $odd v128)
    (local.set $odd (v128.xor (local.get $a) (local.get $b)))
    (v128.xor (local.get $odd) (local.get $c))
    (v128.or (v128.and (local.get $a) (local.get $b)) (v128.and (local.get $odd) (local.get $c))))

  ;; Adds 2, 4, 8 planes of a list to a number's lowest bits: gives these, and what is carried to the next.
  (func $two (param $tile i32) (param $list i32) (param $ones v128) (result v128 v128)
    (call $add
      (local.get $ones)
      (v128.load (i32.add (local.get $tile) (i32.load (local.get $list))))
      (v128.load (i32.add (local.get $tile) (i32.load offset=4 (local.get $list))))))

  (func $four (param $tile i32) (param $list i32) (param $ones v128) (param $twos v128) (result v128 v128 v128)
    (local $first v128) (local $second v128)
    (call $two (local.get $tile) (local.get $list) (local.get $ones))
    (local.set $first) (local.set $ones)
    (call $two (local.get $tile) (i32.add (local.get $list) (i32.const 8)) (local.get $ones))
    (local.set $second)
    (call $add (local.get $twos) (local.get $first) (local.get $second)))

  (func $eight
    (param $tile i32) (param $list i32) (param $ones v128) (param $twos v128) (param $fours v128)
    (result v128 v128 v128 v128)
    (local $first v128) (local $second v128)
    (call $four (local.get $tile) (local.get $list) (local.get $ones) (local.get $twos))
    (local.set $first) (local.set $twos) (local.set $ones)
    (call $four (local.get $tile) (i32.add (local.get $list) (i32.const 16)) (local.get $ones) (local.get $twos))
    (local.set $second)
    (call $add (local.get $fours) (local.get $first) (local.get $second)))

  ;; Of each row of a tile, how many of the planes of a list it has: twelve bits, to `number`. The list holds each plane's
  ;; place in the tile, a u32, and is a multiple of 16 long.
  (func $count (export "count") (param $tile i32) (param $list i32) (param $end i32) (param $number i32)
    (local $first v128) (local $carry v128) (local $odd v128)
    (local $bit0 v128) (local $bit1 v128) (local $bit2 v128) (local $bit3 v128) (local $bit4 v128) (local $bit5 v128)
    (local $bit6 v128) (local $bit7 v128) (local $bit8 v128) (local $bit9 v128) (local $bit10 v128) (local $bit11 v128)
    (block $done
      (loop $sixteen
        (br_if $done (i32.ge_u (local.get $list) (local.get $end)))
        (call $eight
          (local.get $tile) (local.get $list) (local.get $bit0) (local.get $bit1) (local.get $bit2))
        (local.set $first) (local.set $bit2) (local.set $bit1) (local.set $bit0)
        (call $eight
          (local.get $tile) (i32.add (local.get $list) (i32.const 32))
          (local.get $bit0) (local.get $bit1) (local.get $bit2))
        (local.set $carry) (local.set $bit2) (local.set $bit1) (local.set $bit0)
        (call $add (local.get $bit3) (local.get $first) (local.get $carry))
        (local.set $carry) (local.set $bit3)
        (local.set $odd (v128.xor (local.get $bit4) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit4) (local.get $carry)))
        (local.set $bit4 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit5) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit5) (local.get $carry)))
        (local.set $bit5 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit6) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit6) (local.get $carry)))
        (local.set $bit6 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit7) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit7) (local.get $carry)))
        (local.set $bit7 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit8) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit8) (local.get $carry)))
        (local.set $bit8 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit9) (local.get $carry)))
        (local.set $carry (v128.and (local.get $bit9) (local.get $carry)))
        (local.set $bit9 (local.get $odd))
        (local.set $odd (v128.xor (local.get $bit10) (local.get $carry)))
        (local.set $bit11 (v128.xor (local.get $bit11) (v128.and (local.get $bit10) (local.get $carry))))
        (local.set $bit10 (local.get $odd))
        (local.set $list (i32.add (local.get $list) (i32.const 64)))
        (br $sixteen)))
    (v128.store (local.get $number) (local.get $bit0))
    (v128.store offset=16 (local.get $number) (local.get $bit1))
    (v128.store offset=32 (local.get $number) (local.get $bit2))
    (v128.store offset=48 (local.get $number) (local.get $bit3))
    (v128.store offset=64 (local.get $number) (local.get $bit4))
    (v128.store offset=80 (local.get $number) (local.get $bit5))
    (v128.store offset=96 (local.get $number) (local.get $bit6))
    (v128.store offset=112 (local.get $number) (local.get $bit7))
    (v128.store offset=128 (local.get $number) (local.get $bit8))
    (v128.store offset=144 (local.get $number) (local.get $bit9))
    (v128.store offset=160 (local.get $number) (local.get $bit10))
    (v128.store offset=176 (local.get $number) (local.get $bit11)))

  ;; Puts x + (8191 - 2c) in the place of 2c, fourteen bits: 8191 - 2c is its complement but for the highest bit, which is set
  ;; beforehand so that it becomes none. Gives the rows where the sum is at most `most`.
  (func $within (param $set i32) (param $number i32) (param $most i32) (result v128)
    (local $bit i32) (local $carry v128) (local $sum v128) (local $limit v128) (local $least v128)
    (local.set $least (v128.const i64x2 -1 -1))
    (loop $bits
      (call $add
        (v128.load (local.get $set))
        (v128.not (v128.load (local.get $number)))
        (local.get $carry))
      (local.set $carry) (local.set $sum)
      (v128.store (local.get $number) (local.get $sum))
      ;; From the lowest bit on: at most the limit where this bit is less, or is equal and what is below was at most.
      (local.set $limit (i8x16.splat (i32.sub (i32.const 0)
        (i32.and (i32.shr_u (local.get $most) (local.get $bit)) (i32.const 1)))))
      (local.set $least (v128.or
        (v128.and (local.get $least) (local.get $limit))
        (v128.andnot (v128.or (local.get $least) (local.get $limit)) (local.get $sum))))
      (local.set $set (i32.add (local.get $set) (i32.const 16)))
      (local.set $number (i32.add (local.get $number) (i32.const 16)))
      (local.set $bit (i32.add (local.get $bit) (i32.const 1)))
      (br_if $bits (i32.lt_u (local.get $bit) (i32.const 14))))
    (local.get $least))

  ;; The number of one row of a tile, of fourteen bits.
  (func $read (param $number i32) (param $row i32) (result i32)
    (local $plane i32) (local $value i32)
    (local.set $number (i32.add (local.get $number) (i32.shr_u (local.get $row) (i32.const 3))))
    (local.set $plane (i32.add (local.get $number) (i32.const 208)))
    (loop $bits
      (local.set $value (i32.or
        (i32.shl (local.get $value) (i32.const 1))
        (i32.and (i32.const 1)
          (i32.shr_u (i32.load8_u (local.get $plane)) (i32.and (local.get $row) (i32.const 7))))))
      (local.set $plane (i32.sub (local.get $plane) (i32.const 16)))
      (br_if $bits (i32.ge_u (local.get $plane) (local.get $number))))
    (local.get $value))

  ;; Looks at rows of signs, from tile to tile, the first of them being row `row`, up to row `end`. Those whose distance to a
  ;; probe is at most the limit go to the end of `entries`: row and distance, a u32 each. `state` goes on from call to call:
  ;; limit, entries within it, entries, how many are wanted, planes of the probe, the end of their list, then how many entries
  ;; have each distance, a u32 each. The limit sinks while as many as are wanted lie below it: in the end it is the distance of
  ;; the last of the nearest, and few entries beyond it were ever written.
  (func (export "near")
    (param $tile i32) (param $length i32) (param $row i32) (param $end i32) (param $list i32) (param $state i32)
    (param $entries i32) (param $number i32)
    (local $set i32) (local $offset i32) (local $found v128) (local $half i64) (local $first i32) (local $at i32)
    (local $far i32) (local $limit i32) (local $within i32) (local $slot i32) (local $tied i32)
    (local.set $limit (i32.load (local.get $state)))
    (local.set $within (i32.load offset=4 (local.get $state)))
    (local.set $entries (i32.add (local.get $entries) (i32.shl (i32.load offset=8 (local.get $state)) (i32.const 3))))
    (local.set $offset (i32.sub (i32.const 8191) (i32.load offset=16 (local.get $state))))
    (block $done
      (loop $tiles
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $set (i32.add (local.get $tile) (i32.shl (local.get $length) (i32.const 4))))
        (v128.store (local.get $number) (v128.const i64x2 0 0))
        (v128.store offset=208 (local.get $number) (v128.const i64x2 -1 -1))
        (call $count
          (local.get $tile) (local.get $list) (i32.load offset=20 (local.get $state))
          (i32.add (local.get $number) (i32.const 16)))
        (local.set $found (call $within
          (local.get $set) (local.get $number) (i32.add (local.get $limit) (local.get $offset))))
        (local.set $half (i64x2.extract_lane 0 (local.get $found)))
        (local.set $first (i32.const 0))
        (loop $halves
          (block $next
            (loop $one
              (br_if $next (i64.eqz (local.get $half)))
              (local.set $at (i32.add (local.get $first) (i32.wrap_i64 (i64.ctz (local.get $half)))))
              (local.set $half (i64.and (local.get $half) (i64.sub (local.get $half) (i64.const 1))))
              (br_if $next (i32.ge_u (i32.add (local.get $row) (local.get $at)) (local.get $end)))
              (local.set $far (i32.sub (call $read (local.get $number) (local.get $at)) (local.get $offset)))
              (br_if $one (i32.gt_u (local.get $far) (local.get $limit)))
              (i32.store (local.get $entries) (i32.add (local.get $row) (local.get $at)))
              (i32.store offset=4 (local.get $entries) (local.get $far))
              (local.set $entries (i32.add (local.get $entries) (i32.const 8)))
              (i32.store offset=8 (local.get $state) (i32.add (i32.load offset=8 (local.get $state)) (i32.const 1)))
              (local.set $within (i32.add (local.get $within) (i32.const 1)))
              (local.set $slot (i32.add (local.get $state) (i32.shl (local.get $far) (i32.const 2))))
              (i32.store offset=24 (local.get $slot) (i32.add (i32.load offset=24 (local.get $slot)) (i32.const 1)))
              (loop $sink
                (local.set $tied (i32.load offset=24
                  (i32.add (local.get $state) (i32.shl (local.get $limit) (i32.const 2)))))
                (br_if $one (i32.lt_u
                  (i32.sub (local.get $within) (local.get $tied)) (i32.load offset=12 (local.get $state))))
                (local.set $within (i32.sub (local.get $within) (local.get $tied)))
                (local.set $limit (i32.sub (local.get $limit) (i32.const 1)))
                (br $sink))))
          (if (i32.eqz (local.get $first))
            (then
              (local.set $half (i64x2.extract_lane 1 (local.get $found)))
              (local.set $first (i32.const 64))
              (br $halves))))
        (local.set $tile (i32.add (local.get $set) (i32.const 256)))
        (local.set $row (i32.add (local.get $row) (i32.const 128)))
        (br $tiles)))
    (i32.store (local.get $state) (local.get $limit))
    (i32.store offset=4 (local.get $state) (local.get $within)))

  ;; Of the entries that `near` wrote keeps those within its limit, with the product of the i16 `query` and the row's
  ;; `length` signed bytes in the place of the distance. Gives how many there are.
  (func (export "score")
    (param $rows i32) (param $length i32) (param $query i32) (param $state i32) (param $entries i32) (result i32)
    (local $end i32) (local $kept i32) (local $row i32) (local $at i32) (local $entry i32)
    (local $sum v128)
    (local.set $entry (local.get $entries))
    (local.set $kept (local.get $entries))
    (local.set $end (i32.add (local.get $entries) (i32.shl (i32.load offset=8 (local.get $state)) (i32.const 3))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))
        (if (i32.le_u (i32.load offset=4 (local.get $entry)) (i32.load (local.get $state)))
          (then
            (local.set $row (i32.add (local.get $rows)
              (i32.mul (i32.load (local.get $entry)) (local.get $length))))
            (local.set $sum (v128.const i64x2 0 0))
            (local.set $at (i32.const 0))
            (loop $sixteen
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
                (v128.load8x8_s (i32.add (local.get $row) (local.get $at)))
                (v128.load (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))))
              (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
                (v128.load8x8_s offset=8 (i32.add (local.get $row) (local.get $at)))
                (v128.load offset=16 (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))))
              (local.set $at (i32.add (local.get $at) (i32.const 16)))
              (br_if $sixteen (i32.lt_u (local.get $at) (local.get $length))))
            (i32.store (local.get $kept) (i32.load (local.get $entry)))
            (i32.store offset=4 (local.get $kept) (call $total (local.get $sum)))
            (local.set $kept (i32.add (local.get $kept) (i32.const 8)))))
        (local.set $entry (i32.add (local.get $entry) (i32.const 8)))
        (br $one)))
    (i32.shr_u (i32.sub (local.get $kept) (local.get $entries)) (i32.const 3)))

  (func $total (param $lanes v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $lanes)) (i32x4.extract_lane 1 (local.get $lanes)))
      (i32.add (i32x4.extract_lane 2 (local.get $lanes)) (i32x4.extract_lane 3 (local.get $lanes)))))
)
