//===- MicrokernelDialect.td - The microkernel dialect ------*- tablegen -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_MICROKERNEL_IR_MICROKERNELDIALECT_TD
#define QNN_DIALECT_MICROKERNEL_IR_MICROKERNELDIALECT_TD

include "mlir/IR/OpBase.td"

def Microkernel_Dialect : Dialect {
  let name = "microkernel";
  let cppNamespace = "::mlir::qnn::microkernel";
  let summary = "Small matrix products that live in registers";
  let description = [{
    One op family between schedules (loops over buffers) and instructions. A
    convolution of any kernel size, a fully connected layer and a matrix product
    with constant weights are all `microkernel.brgemm` with different address
    lists; a new instruction set is one new lowering of that op.
    `microkernel.launch` says where kernels run, and in how many independent
    units.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

#endif // QNN_DIALECT_MICROKERNEL_IR_MICROKERNELDIALECT_TD
