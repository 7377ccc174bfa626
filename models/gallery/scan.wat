;; The first look of the two-stage profile: Hamming distances of sign bits, the nearest of them, and their exact scores.
;; All pointers are bytes in the memory of one block; lengths are multiples of 16 bytes. See scan.ts.
(module
  (import "block" "memory" (memory 1))

  ;; Hamming distance of `query` to each of `count` rows of `stride` bytes, as u16. At most 31 vectors a row: the sums of
  ;; bit counts (8 a byte) are kept in bytes.
  (func (export "distances")
    (param $rows i32) (param $count i32) (param $stride i32) (param $query i32) (param $out i32)
    (local $end i32) (local $at i32) (local $sum v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 1))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $sum (v128.const i64x2 0 0))
        (local.set $at (i32.const 0))
        (loop $vector
          (local.set $sum (i8x16.add (local.get $sum) (i8x16.popcnt (v128.xor
            (v128.load (i32.add (local.get $rows) (local.get $at)))
            (v128.load (i32.add (local.get $query) (local.get $at)))))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $vector (i32.lt_u (local.get $at) (local.get $stride))))
        (local.set $sum (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $sum))))
        (i32.store16 (local.get $out) (call $total (local.get $sum)))
        (local.set $rows (i32.add (local.get $rows) (local.get $stride)))
        (local.set $out (i32.add (local.get $out) (i32.const 2)))
        (br $row))))

  ;; Indexes of the `wanted` nearest rows and of all as near as the last of them, in order. `histogram` holds one u32 for
  ;; each distance up to `farthest`. Gives how many there are.
  (func (export "nearest")
    (param $distances i32) (param $count i32) (param $histogram i32) (param $farthest i32) (param $wanted i32)
    (param $out i32) (result i32)
    (local $at i32) (local $end i32) (local $slot i32) (local $seen i32) (local $limit i32) (local $found i32)
    (memory.fill (local.get $histogram) (i32.const 0)
      (i32.shl (i32.add (local.get $farthest) (i32.const 1)) (i32.const 2)))
    (local.set $at (local.get $distances))
    (local.set $end (i32.add (local.get $distances) (i32.shl (local.get $count) (i32.const 1))))
    (block $counted
      (loop $count_one
        (br_if $counted (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $slot (i32.add (local.get $histogram)
          (i32.shl (i32.load16_u (local.get $at)) (i32.const 2))))
        (i32.store (local.get $slot) (i32.add (i32.load (local.get $slot)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br $count_one)))
    (block $limited
      (loop $widen
        (local.set $seen (i32.add (local.get $seen)
          (i32.load (i32.add (local.get $histogram) (i32.shl (local.get $limit) (i32.const 2))))))
        (br_if $limited (i32.ge_u (local.get $seen) (local.get $wanted)))
        (br_if $limited (i32.ge_u (local.get $limit) (local.get $farthest)))
        (local.set $limit (i32.add (local.get $limit) (i32.const 1)))
        (br $widen)))
    (local.set $at (i32.const 0))
    (block $chosen
      (loop $choose
        (br_if $chosen (i32.ge_u (local.get $at) (local.get $count)))
        (if (i32.le_u (i32.load16_u (local.get $distances)) (local.get $limit))
          (then
            (i32.store (i32.add (local.get $out) (i32.shl (local.get $found) (i32.const 2))) (local.get $at))
            (local.set $found (i32.add (local.get $found) (i32.const 1)))))
        (local.set $distances (i32.add (local.get $distances) (i32.const 2)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $choose)))
    (local.get $found))

  ;; Products of an i16 `query` with the `count` rows of `length` signed bytes that `chosen` names, as i32.
  (func (export "products")
    (param $rows i32) (param $length i32) (param $chosen i32) (param $count i32) (param $query i32) (param $out i32)
    (local $end i32) (local $row i32) (local $at i32) (local $sum v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $row (i32.add (local.get $rows)
          (i32.mul (i32.load (local.get $chosen)) (local.get $length))))
        (local.set $sum (v128.const i64x2 0 0))
        (local.set $at (i32.const 0))
        (loop $eight
          (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
            (v128.load8x8_s (i32.add (local.get $row) (local.get $at)))
            (v128.load (i32.add (local.get $query) (i32.shl (local.get $at) (i32.const 1)))))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $eight (i32.lt_u (local.get $at) (local.get $length))))
        (i32.store (local.get $out) (call $total (local.get $sum)))
        (local.set $chosen (i32.add (local.get $chosen) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $one))))

  (func $total (param $lanes v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $lanes)) (i32x4.extract_lane 1 (local.get $lanes)))
      (i32.add (i32x4.extract_lane 2 (local.get $lanes)) (i32x4.extract_lane 3 (local.get $lanes)))))
)
