import Glibc

/// The file that a writer's thread appends to, one after the other.
///
/// After an error it takes nothing until a file begins that needs no other: what an `fdatasync` that failed has left on
/// the device nobody knows, and to ask again would be told that all is well.
struct StoreFile: ~Copyable {
    private let directory: StoreDirectory
    private var descriptor = OwnedDescriptor(adopting: -1)
    private var name = ""
    /// Octets that are durable.
    private var byteCount = 0

    private(set) var hasFailed = false

    init(_ directory: StoreDirectory) { self.directory = directory }

    /// Makes the octets of all `writes` durable, of which only the first may begin a file. Where that fails the file is
    /// left as it was before, as far as that can be had.
    mutating func write(_ writes: ArraySlice<StoreWrite>) throws(IOError) {
        let newFile = writes.first?.newFile
        do throws(IOError) {
            if let newFile {
                descriptor = try directory.create(newFile)
                (name, byteCount) = (newFile, 0)
            }
            let octets = writes.count == 1 ? writes[writes.startIndex].octets : writes.flatMap(\.octets)
            try descriptor.writeAll(octets.span.bytes, operation: "write \(directory.path)/\(name)")
            guard fdatasync(descriptor.value) == 0 else { throw failure("fdatasync") }
            // The name must be there as well.
            if newFile != nil { try directory.sync() }
            byteCount += octets.count
            hasFailed = false
        } catch {
            hasFailed = true
            if newFile == nil {
                _ = ftruncate(descriptor.value, byteCount)
            } else if descriptor.isOpen, name == newFile {
                try? directory.remove(name)
            }
            descriptor.close()
            throw error
        }
    }

    /// Lets go of the files that `writes` have made needless.
    func tidy(_ writes: ArraySlice<StoreWrite>) throws(IOError) {
        for write in writes {
            for name in write.obsolete { try directory.remove(name) }
            for name in write.damaged { try directory.setAside(name) }
        }
        if writes.contains(where: { !$0.damaged.isEmpty }) { try directory.sync() }
    }

    private func failure(_ operation: String) -> IOError {
        IOError(operation: "\(operation) \(directory.path)/\(name)", code: errno)
    }
}
