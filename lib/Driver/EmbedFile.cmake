# cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DFUNCTION=NAME -P EmbedFile.cmake
# Writes a C++ file with `llvm::StringRef mlir::qnn::NAME()`, which returns the contents of a file.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"llvm/ADT/StringRef.h\"\n\
static const unsigned char contents[] = {${bytes}};\n\
namespace mlir::qnn {\n\
llvm::StringRef ${FUNCTION}();\n\
llvm::StringRef ${FUNCTION}() { return {reinterpret_cast<const char *>(contents), sizeof(contents)}; }\n\
} // namespace mlir::qnn\n")
