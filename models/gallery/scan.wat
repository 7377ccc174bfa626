;; The loops of the two-stage profile: Hamming distances of sign bits, the nearest of them, and their exact scores. All
;; pointers are bytes in the memory of one block. See scan.ts.
(module
  (import "block" "memory" (memory 1 65536 shared))

  ;; Looks at `count` rows of signs, `stride` bytes each (a multiple of 64), the first of them being row `row`. Those whose
  ;; distance to `probe` is at most the limit go to the end of `entries`: row and distance, a u32 each. `state` goes on from
  ;; call to call: limit, entries within it, entries, how many are wanted, then how many entries have each distance, a u32
  ;; each. The limit sinks while as many as are wanted lie below it: in the end it is the distance of the last of the
  ;; nearest, and few entries beyond it were ever written.
  (func (export "near")
    (param $signs i32) (param $count i32) (param $stride i32) (param $row i32) (param $probe i32) (param $state i32)
    (param $entries i32)
    (local $word i32) (local $probe_end i32) (local $distance i64) (local $far i32) (local $limit i32)
    (local $within i32) (local $slot i32) (local $end i32) (local $tied i32)
    (local.set $limit (i32.load (local.get $state)))
    (local.set $within (i32.load offset=4 (local.get $state)))
    (local.set $entries (i32.add (local.get $entries) (i32.shl (i32.load offset=8 (local.get $state)) (i32.const 3))))
    (local.set $end (i32.add (local.get $row) (local.get $count)))
    (local.set $probe_end (i32.add (local.get $probe) (local.get $stride)))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $distance (i64.const 0))
        (local.set $word (local.get $probe))
        (loop $words
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load (local.get $signs)) (i64.load (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=8 (local.get $signs)) (i64.load offset=8 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=16 (local.get $signs)) (i64.load offset=16 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=24 (local.get $signs)) (i64.load offset=24 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=32 (local.get $signs)) (i64.load offset=32 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=40 (local.get $signs)) (i64.load offset=40 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=48 (local.get $signs)) (i64.load offset=48 (local.get $word))))))
          (local.set $distance (i64.add (local.get $distance)
            (i64.popcnt (i64.xor (i64.load offset=56 (local.get $signs)) (i64.load offset=56 (local.get $word))))))
          (local.set $signs (i32.add (local.get $signs) (i32.const 64)))
          (local.set $word (i32.add (local.get $word) (i32.const 64)))
          (br_if $words (i32.lt_u (local.get $word) (local.get $probe_end))))
        (local.set $far (i32.wrap_i64 (local.get $distance)))
        (if (i32.le_u (local.get $far) (local.get $limit))
          (then
            (i32.store (local.get $entries) (local.get $row))
            (i32.store offset=4 (local.get $entries) (local.get $far))
            (local.set $entries (i32.add (local.get $entries) (i32.const 8)))
            (i32.store offset=8 (local.get $state) (i32.add (i32.load offset=8 (local.get $state)) (i32.const 1)))
            (local.set $within (i32.add (local.get $within) (i32.const 1)))
            (local.set $slot (i32.add (local.get $state) (i32.shl (local.get $far) (i32.const 2))))
            (i32.store offset=16 (local.get $slot) (i32.add (i32.load offset=16 (local.get $slot)) (i32.const 1)))
            (block $lowest
              (loop $sink
                (local.set $tied (i32.load offset=16
                  (i32.add (local.get $state) (i32.shl (local.get $limit) (i32.const 2)))))
                (br_if $lowest (i32.lt_u
                  (i32.sub (local.get $within) (local.get $tied)) (i32.load offset=12 (local.get $state))))
                (local.set $within (i32.sub (local.get $within) (local.get $tied)))
                (local.set $limit (i32.sub (local.get $limit) (i32.const 1)))
                (br $sink)))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $rows)))
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
