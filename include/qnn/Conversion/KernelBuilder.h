//===- KernelBuilder.h - Emits loops and vector code ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thin layer over OpBuilder for kernel bodies: index arithmetic that folds
// constants, counted loops, vector loads and stores on flat buffers, and the
// quantization formulas of Numerics.h on vectors. A vector of width 1 is a
// vector<1x...>, so that one body serves vector loops and their remainders.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CONVERSION_KERNELBUILDER_H
#define QNN_CONVERSION_KERNELBUILDER_H

#include "qnn/Support/FixedPoint.h"
#include "qnn/Support/Numerics.h"
#include "qnn/Target/TargetLevel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qnn {

/// Less work is not worth waking a thread for.
inline constexpr double kUnitNanoseconds = 5000;
/// More units than threads balance their load; more than this, nothing.
inline constexpr int64_t kMaxUnits = 32;

class KernelBuilder {
public:
  /// `firstUnit` and `endUnit` bound the units of a call, for kernels that
  /// split().
  KernelBuilder(OpBuilder &builder, Location loc, const TargetLevel &level,
                Value firstUnit = {}, Value endUnit = {})
      : b(loc, builder), level(level), firstUnit(firstUnit), endUnit(endUnit) {}

  ImplicitLocOpBuilder b;
  const TargetLevel &level;
  double unitNanoseconds = kUnitNanoseconds;

  /// f32 or i32 lanes of one vector register.
  int64_t lanes() const { return level.vectorBits / 32; }
  /// Elements of one vector register.
  int64_t lanes(Type element) const {
    return level.vectorBits / element.getIntOrFloatBitWidth();
  }

  //===--- scalars --------------------------------------------------------===//
  Value index(int64_t value);
  Value i32(int32_t value);
  Value f32(float value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y) { return y == 0 ? x : add(x, index(y)); }
  Value mul(Value x, int64_t y);

  //===--- loops ----------------------------------------------------------===//
  /// for (iv = low; iv < high; iv += step); nothing for an empty range, no loop
  /// for a single iteration.
  void loop(int64_t low, int64_t high, int64_t step,
            llvm::function_ref<void(Value)> body);
  /// The same between run-time bounds, carrying values.
  SmallVector<Value>
  loop(Value low, Value high, ValueRange inits,
       llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);
  /// Covers [0, count) with vectors: full ones, then powers of two, or, where
  /// `body` may handle an element twice, one that overlaps the last full one.
  void vectorLoop(int64_t count, int64_t width,
                  llvm::function_ref<void(Value index, int64_t width)> body,
                  bool mayRepeat = true);
  /// Nested loops over `shape`: `body` gets the position of each operand, which
  /// starts at its offset and advances by strides[operand][dimension]. Units
  /// share the dimension `shared` of those there are.
  void nest(ArrayRef<int64_t> shape, ArrayRef<SmallVector<int64_t>> strides,
            ArrayRef<int64_t> offsets,
            llvm::function_ref<void(ArrayRef<Value> positions)> body,
            size_t shared = -1);

  //===--- units ----------------------------------------------------------===//
  /// Splits a kernel of about `nanoseconds` into independent units (see
  /// microkernel.launch) of at least unitNanoseconds, at most `parts`, the
  /// iterations of the one shared loop that follows. Small kernels and those
  /// without `firstUnit` stay whole.
  void split(double nanoseconds, int64_t parts);
  /// The same over one of nested loops: returns which, the first with enough
  /// iterations for all units or the longest.
  size_t split(double nanoseconds, ArrayRef<int64_t> shape);
  int64_t units() const { return numUnits; }
  /// The bounds of the share of [0, count) of the call's units.
  std::pair<Value, Value> share(int64_t count);
  /// The share of [0, count) of the call's units.
  void sharedLoop(int64_t count, llvm::function_ref<void(Value)> body);
  /// Covers the units' share of [0, size) by tiles and the last one's rest:
  /// `body` gets the first element and the size of each.
  void sharedTiles(int64_t size, int64_t tile,
                   llvm::function_ref<void(Value, int64_t)> body);
  /// vectorLoop over the units' share of [0, count).
  void sharedVectorLoop(int64_t count, int64_t width,
                        llvm::function_ref<void(Value, int64_t)> body);

  //===--- vectors --------------------------------------------------------===//
  Value load(Value buffer, Value index, int64_t width);
  /// One element as a scalar.
  Value loadScalar(Value buffer, Value index);
  void store(Value vector, Value buffer, Value index);
  Value splat(Value scalar, int64_t width);
  /// `value` in every lane.
  Value constant(Attribute value, Type element, int64_t width);
  Value constant(float value, int64_t width);
  Value constant(int32_t value, int64_t width);
  /// The low eight bits of `value` in every lane.
  Value bytes(int32_t value, int64_t width);

  /// Stored activation bytes to i32: zero-extended where the level stores them
  /// unsigned.
  Value widen(Value bytes);
  /// i32 lanes to stored bytes.
  Value narrow(Value lanes);
  /// f32 lanes to the nearest i32, ties to even; i32 lanes as they are.
  /// Precondition: it fits.
  Value round(Value lanes);
  /// The result of an LLVM intrinsic.
  Value intrinsic(StringRef name, Type result, ValueRange operands);
  Value toFloat(Value lanes);
  /// q - z of stored bytes, as i32 or (exact) f32 lanes.
  Value centeredLanes(Value bytes, int32_t zeroPoint);
  Value centered(Value bytes, int32_t zeroPoint) {
    return toFloat(centeredLanes(bytes, zeroPoint));
  }
  /// The larger or smaller of stored bytes.
  Value maxBytes(Value x, Value y);
  Value minBytes(Value x, Value y);

  /// t, but at least `low`, then at most `high` (f32 scalars); NaN gives `low`.
  /// Lanes of i32 are compared as integers, with bounds that are such.
  Value clampLanes(Value t, Value low, Value high);
  /// Numerics.h saturate(): f32 lanes to i32 lanes. `low`, `high` are the f32
  /// bounds relative to the zero point.
  Value saturate(Value t, Value low, Value high, Value zeroPoint);
  /// The same into stored bytes with constant parameters.
  Value saturateBytes(Value t, const QuantParams &params);

  //===--- vectors of bf16 (BF16Vectors.cpp) ------------------------------===//
  /// f32 lanes to the bits of bf16 factors, in i16: Numerics.h toBF16().
  Value toBF16(Value lanes);
  /// The first or the second of each pair of bf16, as f32 lanes.
  Value fromBF16(Value pairs, bool second);
  /// f32 lanes acc + the products of a pair of factors each:
  /// fma(x0, w0, fma(x1, w1, acc)).
  Value dotBF16(Value acc, Value x, Value w);

  //===--- integer requantization (FixedPointLanes.cpp) -------------------===//
  // FixedPoint.h on i32 lanes.
  Value multiplyHigh(Value x, Value multiplier);
  Value divideByPower(Value x, Value exponent);
  Value multiplyFixedPoint(Value x, FixedPointFactor factor);
  /// The same with factors per lane.
  Value multiplyFixedPoint(Value x, Value multiplier, Value shift);
  /// f32 lanes to the nearest i32, halves away from zero. Precondition: it fits
  /// 22 bits.
  Value roundAway(Value t);
  /// round(sum / count), halves away from zero, of i32 lanes and a scalar.
  /// Precondition: |sum| + count < 2^24.
  Value divideAway(Value sum, Value count);

  //===--- vectors of bytes (ByteVectors.cpp) -----------------------------===//
  // A vector of 16, 32 or 64 bytes is four quarters of 32-bit lanes. Quarter q
  // has bytes 4 q to 4 q + 3 of each 128 bits: the order in which instructions
  // interleave and pack, so that one undoes the other.

  /// The byte that is lane `lane` of quarter `quarter`.
  static int64_t quarterElement(int64_t quarter, int64_t lane) {
    return lane / 4 * 16 + quarter * 4 + lane % 4;
  }
  /// Twice as many bytes, -8 to 7: of each byte the low, then the high four
  /// bits, which hold the number + 8.
  Value splitNibbles(Value joined);
  /// x0 y0 x1 y1 ... of the low or the high half of each 128 bits.
  Value interleave(Value x, Value y, bool high);
  /// The bytes of a quarter, in order.
  Value quarter(Value bytes, int64_t quarter);
  /// The low and the high half of each 128 bits of stored bytes, or of i16 sums
  /// of such, in lanes of twice the width: applied twice, the quarters.
  SmallVector<Value> widenHalves(Value v);
  /// acc + the sums of products of the operands of one lane: four (bytes) or
  /// two (i16) each, or one (i16, on half as many bits), as the level
  /// multiplies them.
  Value dot(Value acc, Value x, Value w);
  /// One register of stored bytes, in order, from four vectors of numbers of
  /// steps, of magnitude `largest` or less: Numerics.h saturate(). Steps in i32
  /// are rounded already, here and below.
  Value saturateBytes(ArrayRef<Value> four, const QuantParams &params,
                      double largest);
  /// The same from quarters.
  Value saturateQuarters(ArrayRef<Value> quarters, const QuantParams &params,
                         double largest);
  /// 256 bytes in the form that lookUp() reads on `level`.
  static SmallVector<int8_t> tableConstants(const TargetLevel &level,
                                            ArrayRef<int8_t> table);
  /// What lookUp() keeps in registers of such constants in `memory`; nothing
  /// where the level has no lookup instruction.
  SmallVector<Value> loadTable(Value memory);
  /// The entries of the table at unsigned bytes.
  Value lookUp(ArrayRef<Value> rows, Value memory, Value bytes);
  /// Stored bytes, from rounded i32 quarters without the zero point.
  Value packQuarters(ArrayRef<Value> quarters, Value zeroPoint);

  //===--- epilogues of matrix products -----------------------------------===//
  /// The parts an epilogue may have; absent ones are null. Vectors have the
  /// width of the accumulator.
  struct Epilogue {
    Value scale;          ///< f32 vector: the factor per channel
    Value shift;          ///< i32 vector: `scale` is an i32 multiplier
    Value residual;       ///< f32 vector, or stored bytes
    Value residualFactor; ///< f32
    Value residualZero;   ///< i32
    /// f32: clamp; i8: bounds relative to zeroPoint. An i8 epilogue without
    /// bounds saturates to the storage type; its caller has proved that what is
    /// rounded is below kUnclampedLimit in magnitude.
    Value low, high;
    Value zeroPoint; ///< i32
  };
  static constexpr float kUnclampedLimit = 1 << 30;
  /// Loads the factors at `index` from `memory`: f32, or as many i32
  /// multipliers as, behind them, shifts.
  void loadScale(Epilogue &epilogue, Value memory, Value index, int64_t width);

  /// clamp(acc + residual) on f32 lanes.
  Value finishFloat(Value acc, const Epilogue &epilogue);
  /// Stored bytes of an i32 accumulator: see microkernel.brgemm.
  Value finishQuantized(Value acc, const Epilogue &epilogue);
  /// The same in two steps, for accumulators of exactly one register: rounded
  /// i32 lanes without the zero point, and one register of stored bytes, in
  /// order, from four such vectors.
  Value roundQuantized(Value acc, const Epilogue &epilogue);
  Value packBytes(ArrayRef<Value> four, Value zeroPoint);

  static int64_t widthOf(Value vector) {
    return cast<VectorType>(vector.getType()).getNumElements();
  }

private:
  Value firstUnit, endUnit;
  int64_t numUnits = 1;
};

/// The builder concept of Numerics.h on vectors of f32.
struct VectorMath {
  using V = Value;
  using Cond = Value;
  KernelBuilder &k;
  int64_t width;
  V constant(float v) { return k.constant(v, width); }
  V add(V x, V y) { return k.b.create<arith::AddFOp>(x, y); }
  V sub(V x, V y) { return k.b.create<arith::SubFOp>(x, y); }
  V mul(V x, V y) { return k.b.create<arith::MulFOp>(x, y); }
  V div(V x, V y) { return k.b.create<arith::DivFOp>(x, y); }
  V sqrt(V x) { return k.b.create<math::SqrtOp>(x); }
  Cond lessThan(V x, V y) {
    return k.b.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, y);
  }
  V select(Cond c, V x, V y) { return k.b.create<arith::SelectOp>(c, x, y); }
  V exp2Integer(V n);
  V exponentOf(V x);
  V mantissaOf(V x);
};

} // namespace mlir::qnn

#endif // QNN_CONVERSION_KERNELBUILDER_H
