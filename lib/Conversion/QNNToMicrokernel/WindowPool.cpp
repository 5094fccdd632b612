//===- WindowPool.cpp - The loops of pools with windows -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WindowPool.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Windows at run time
//===----------------------------------------------------------------------===//

namespace {
/// Window positions [first, last) inside the input, for one output position,
/// and the coordinate of position 0.
struct Span {
  Value first, last, start;

  Value size(KernelBuilder &k) const {
    return k.b.createOrFold<arith::SubIOp>(last, first);
  }
};
} // namespace

/// ceil(x / d) for x >= 0, clamped to [0, limit].
static Value ceilDivClamped(KernelBuilder &k, Value x, int64_t d,
                            int64_t limit) {
  x = k.b.create<arith::MaxSIOp>(x, k.index(0));
  if (d != 1)
    x = k.b.create<arith::DivUIOp>(k.add(x, d - 1), k.index(d));
  return k.b.create<arith::MinSIOp>(x, k.index(limit));
}

/// The positions whose coordinate lies in [-before, input + after).
static Span spanOf(KernelBuilder &k, const Window &w, Value output,
                   int64_t before, int64_t after) {
  Value start = k.add(k.mul(output, w.stride), -w.before);
  Value first =
      ceilDivClamped(k, k.b.create<arith::SubIOp>(k.index(-before), start),
                     w.dilation, w.kernel);
  Value last = ceilDivClamped(
      k, k.b.create<arith::SubIOp>(k.index(w.input + after), start), w.dilation,
      w.kernel);
  return {first, last, start};
}

namespace {
/// Emits the loops of one kernel.
class PoolLoops {
public:
  PoolLoops(const WindowPool &pool, KernelBuilder &k, ValueRange args)
      : pool(pool), reduction(pool.reduction), h(pool.h), w(pool.w), k(k),
        args(args) {}

  void emit();

private:
  /// A row of output: its images' and its own first elements, and which rows
  /// of input its windows have.
  struct Row {
    Value image, out;
    Span span;
    Value counted; ///< window rows that count
    bool isWhole;  ///< all rows of the windows are inside the input
  };
  /// Reduced columns of a window from its first on; outside the input, nothing.
  using Columns = SmallVector<Sums>;

  void forRows(double nanoseconds, llvm::function_ref<void(const Row &)> body);
  WindowCounts countsOf(const Row &row, Value countedColumns,
                        Value addedColumns);
  Sums loadInto(const Sums &acc, const Row &row, Value position, Value column,
                Value channel);

  // Large windows: loops.
  void emitPixel(const Row &row, Value column);

  // Small windows: written out.
  bool isSmall() const;
  std::pair<int64_t, int64_t> wholeColumns() const;
  void emitRow(const Row &row);
  void emitStrips(const Row &row);
  void emitStrip(const Row &row, Value channel);
  Columns emitCut(const Row &row, Value channel, int64_t column, Columns kept);
  Columns emitWhole(const Row &row, Value channel, int64_t first, int64_t last,
                    Columns kept);
  Columns emitWindow(const Row &row, Value channel, Value column,
                     ArrayRef<Value> inputs, Columns kept,
                     const WindowCounts &counts);
  Sums reduceRows(const Row &row, Value channel, ArrayRef<Value> inputs);
  Sums init() const { return reduction.init(k, lanes, h.kernel * w.kernel); }
  /// Columns that neighbouring windows share, where they are reduced once.
  int64_t numKept() const {
    return reduction.isOrdered() || w.dilation != 1
               ? 0
               : std::max<int64_t>(w.kernel - w.stride, 0);
  }

  const WindowPool &pool;
  const PoolReduction &reduction;
  const Window &h, &w;
  KernelBuilder &k;
  ValueRange args;
  int64_t lanes = 0; ///< channels of one vector
};
} // namespace

/// The numbers of positions in windows of `row`, given those of columns.
WindowCounts PoolLoops::countsOf(const Row &row, Value countedColumns,
                                 Value addedColumns) {
  WindowCounts counts;
  if (reduction.isMaximum())
    return counts;
  auto product = [&](Value x, Value y) {
    return k.b.createOrFold<arith::MulIOp>(x, y);
  };
  counts.counted = product(row.counted, countedColumns);
  counts.added = product(row.span.size(k), addedColumns);
  if (!reduction.average->isFloat && !reduction.average->fixedPoint)
    counts.factor = k.loadScalar(args[2], counts.counted);
  return counts;
}

/// acc and the element at a row of the window and a column of the input.
Sums PoolLoops::loadInto(const Sums &acc, const Row &row, Value position,
                         Value column, Value channel) {
  const PixelStrides &strides = pool.input.pixels();
  Value y = k.add(row.span.start, k.mul(position, h.dilation));
  Value at = k.add(row.image, k.mul(y, strides.row));
  at = k.add(k.add(at, k.mul(column, strides.column)), channel);
  return reduction.add(k, acc, k.load(args[0], at, lanes));
}

void PoolLoops::forRows(double nanoseconds,
                        llvm::function_ref<void(const Row &)> body) {
  PixelStrides in = pool.input.pixels(), out = pool.output.pixels();
  SmallVector<int64_t> sizes = {pool.output.shape[0], pool.output.shape[1]};
  SmallVector<SmallVector<int64_t>> strides = {
      {in.image, 0}, {out.image, out.row}, {0, 1}};
  size_t shared = k.split(nanoseconds, sizes);
  auto emitAt = [&](ArrayRef<Value> at) {
    Span span = spanOf(k, h, at[2], 0, 0);
    Span counted =
        pool.includePad ? spanOf(k, h, at[2], h.before, h.after) : span;
    body({at[0], at[1], span, counted.size(k), /*isWhole=*/false});
  };
  k.nest(sizes, strides, {pool.input.offset, pool.output.offset, 0}, emitAt,
         shared);
}

void PoolLoops::emit() {
  double elements = double(pool.output.elements());
  double vectors = elements * h.kernel * w.kernel / reduction.width(k);
  double nanoseconds = vectors * (reduction.isMaximum() ? 1 : 2);
  forRows(nanoseconds, [&](const Row &row) {
    if (isSmall())
      return emitRow(row);
    k.loop(0, pool.output.shape[2], 1,
           [&](Value column) { emitPixel(row, column); });
  });
}

//===----------------------------------------------------------------------===//
// Large windows
//===----------------------------------------------------------------------===//

void PoolLoops::emitPixel(const Row &row, Value column) {
  Span span = spanOf(k, w, column, 0, 0);
  Span counted =
      pool.includePad ? spanOf(k, w, column, w.before, w.after) : span;
  WindowCounts counts = countsOf(row, counted.size(k), span.size(k));
  Value out = k.add(row.out, k.mul(column, pool.output.strides[2]));
  k.vectorLoop(
      pool.output.shape[3], reduction.width(k), [&](Value c, int64_t width) {
        lanes = width;
        auto addRow = [&](Value i, ValueRange outer) {
          auto addColumn = [&](Value j, ValueRange acc) {
            Value x = k.add(span.start, k.mul(j, w.dilation));
            return loadInto(Sums(acc), row, i, x, c);
          };
          return k.loop(span.first, span.last, outer, addColumn);
        };
        Sums sums = k.loop(row.span.first, row.span.last, init(), addRow);
        k.store(reduction.finish(k, sums, counts), args[1], k.add(out, c));
      });
}

//===----------------------------------------------------------------------===//
// Small windows
//===----------------------------------------------------------------------===//

/// The output columns whose windows have all of their columns in the input.
std::pair<int64_t, int64_t> PoolLoops::wholeColumns() const {
  int64_t columns = pool.output.shape[2];
  int64_t first =
      std::min(llvm::divideCeil(w.before, w.stride), uint64_t(columns));
  int64_t room = w.input - 1 - w.coordinate(0, w.kernel - 1);
  int64_t last = room < 0 ? 0 : std::min(room / w.stride + 1, columns);
  return {first, std::max(first, last)};
}

bool PoolLoops::isSmall() const {
  auto [first, last] = wholeColumns();
  return h.kernel * w.kernel <= 25 && first + pool.output.shape[2] - last <= 8;
}

/// Most rows have whole windows: those need no loop over the rows of a window.
void PoolLoops::emitRow(const Row &row) {
  Row whole = row;
  whole.isWhole = true;
  whole.span.first = k.index(0);
  whole.span.last = whole.counted = k.index(h.kernel);
  bool isCut =
      h.before > 0 ||
      !h.contains(h.coordinate(pool.output.shape[1] - 1, h.kernel - 1));
  if (!isCut)
    return emitStrips(whole);
  Value isWhole = k.b.create<arith::CmpIOp>(
      arith::CmpIPredicate::eq, row.span.size(k), k.index(h.kernel));
  auto either = k.b.create<scf::IfOp>(isWhole, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(either.thenBlock());
  emitStrips(whole);
  k.b.setInsertionPointToStart(either.elseBlock());
  emitStrips(row);
}

void PoolLoops::emitStrips(const Row &row) {
  k.vectorLoop(pool.output.shape[3], reduction.width(k),
               [&](Value channel, int64_t width) {
                 lanes = width;
                 emitStrip(row, channel);
               });
}

/// Some channels of a row, from left to right.
void PoolLoops::emitStrip(const Row &row, Value channel) {
  auto [first, last] = wholeColumns();
  Columns kept;
  for (int64_t column = 0; column < first; ++column)
    kept = emitCut(row, channel, column, kept);
  if (first < last)
    kept = emitWhole(row, channel, first, last, kept);
  for (int64_t column = last; column < pool.output.shape[2]; ++column)
    kept = emitCut(row, channel, column, kept);
}

/// An output column whose window has columns outside the input.
PoolLoops::Columns PoolLoops::emitCut(const Row &row, Value channel,
                                      int64_t column, Columns kept) {
  SmallVector<Value> inputs;
  int64_t counted = 0, added = 0;
  for (int64_t j = 0; j < w.kernel; ++j) {
    int64_t x = w.coordinate(column, j);
    inputs.push_back(w.contains(x) ? k.index(x) : Value());
    added += w.contains(x);
    counted += w.contains(x) ||
               (pool.includePad && x >= -w.before && x < w.input + w.after);
  }
  WindowCounts counts = countsOf(row, k.index(counted), k.index(added));
  return emitWindow(row, channel, k.index(column), inputs, kept, counts);
}

/// The output columns [first, last), whose windows are whole.
PoolLoops::Columns PoolLoops::emitWhole(const Row &row, Value channel,
                                        int64_t first, int64_t last,
                                        Columns kept) {
  WindowCounts counts = countsOf(row, k.index(w.kernel), k.index(w.kernel));
  // At the left edge nothing is kept yet.
  for (int64_t j = kept.size(); j < numKept(); ++j)
    kept.push_back(reduceRows(row, channel, {k.index(w.coordinate(first, j))}));
  SmallVector<Value> carried;
  for (const Sums &column : kept)
    carried.append(column);
  size_t parts = init().size();
  auto fromCarried = [&](ValueRange values) {
    Columns columns;
    for (size_t i = 0; i < values.size(); i += parts)
      columns.push_back(Sums(values.slice(i, parts)));
    return columns;
  };
  auto step = [&](Value column, ValueRange values) {
    Value start = k.add(k.mul(column, w.stride), -w.before);
    SmallVector<Value> inputs;
    for (int64_t j = 0; j < w.kernel; ++j)
      inputs.push_back(k.add(start, j * w.dilation));
    SmallVector<Value> next;
    for (const Sums &sums :
         emitWindow(row, channel, column, inputs, fromCarried(values), counts))
      next.append(sums);
    return next;
  };
  return fromCarried(k.loop(k.index(first), k.index(last), carried, step));
}

/// Reduces and stores one window whose columns are `inputs`, null outside the
/// input. Takes the columns that the last one kept, and returns those to keep.
PoolLoops::Columns PoolLoops::emitWindow(const Row &row, Value channel,
                                         Value column, ArrayRef<Value> inputs,
                                         Columns kept,
                                         const WindowCounts &counts) {
  Sums result;
  if (reduction.isOrdered()) {
    result = reduceRows(row, channel, inputs);
  } else {
    for (Value input : inputs.drop_front(kept.size()))
      kept.push_back(input ? reduceRows(row, channel, {input}) : Sums());
    for (const Sums &reduced : kept)
      if (result.empty())
        result = reduced;
      else if (!reduced.empty())
        result = reduction.merge(k, result, reduced);
    if (result.empty())
      result = init();
    kept.erase(kept.begin(), kept.end() - numKept());
  }
  Value at = k.add(row.out, k.mul(column, pool.output.strides[2]));
  k.store(reduction.finish(k, result, counts), args[1], k.add(at, channel));
  return kept;
}

/// All elements of a window in those columns of the input that are not null,
/// row by row.
Sums PoolLoops::reduceRows(const Row &row, Value channel,
                           ArrayRef<Value> inputs) {
  auto addRow = [&](Value i, Sums acc) {
    for (Value input : inputs)
      if (input)
        acc = loadInto(acc, row, i, input, channel);
    return acc;
  };
  if (!row.isWhole)
    return k.loop(
        row.span.first, row.span.last, init(),
        [&](Value i, ValueRange acc) { return addRow(i, Sums(acc)); });
  Sums acc = init();
  for (int64_t i = 0; i < h.kernel; ++i)
    acc = addRow(k.index(i), acc);
  return acc;
}

void WindowPool::emit(KernelBuilder &k, ValueRange args) const {
  PoolLoops(*this, k, args).emit();
}
