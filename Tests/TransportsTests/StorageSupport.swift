import Glibc
import Testing
import Transports

/// A directory of its own for one test, removed with the plain files in it when nobody holds it.
final class StorePlace {
    let path: String

    init() throws {
        var template = Array("/tmp/swiftlet-store-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        chmod(path, 0o700)
        for name in (try? StoreFiles(path: path).names()) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var files: StoreFiles { StoreFiles(path: path) }

    func content(_ name: String) throws -> [UInt8] { try files.read(name, maximumByteCount: 1 << 24) }

    func write(_ name: String, _ text: String) {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes = octets(text)
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    /// The low nine bits of the mode of a file; of the directory where no name is told.
    func mode(of name: String = "") -> UInt32 {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }
}

/// Records what a writer tells.
final class StoreRecorder: StoreWriterDelegate {
    private(set) var persisted: UInt64 = 0
    private(set) var errors: [IOError] = []
    private(set) var tidyErrors: [IOError] = []
    private(set) var distrustErrors: [IOError] = []

    func storePersisted(upTo sequence: UInt64) { persisted = sequence }
    func storeFailed(_ error: IOError) { errors.append(error) }
    func storeCannotForget(_ error: IOError) { distrustErrors.append(error) }
    func storeCannotTidy(_ error: IOError) { tidyErrors.append(error) }
}

/// A writer in a loop of its own, with what it has told.
struct WriterAtWork {
    let loop: EventLoop
    let directory: StoreDirectory
    let writer: StoreWriter
    let recorder = StoreRecorder()

    init(
        _ path: String, _ limits: StoreWriter.Limits = StoreWriter.Limits(),
        isDistrusted: @escaping @Sendable (String) -> Bool = { _ in false }
    ) throws {
        loop = try EventLoop()
        directory = try StoreDirectory(path: path)
        writer = try StoreWriter(directory, loop: loop, limits: limits, isDistrusted: isDistrusted)
        writer.delegate = recorder
    }

    func submit(_ sequence: UInt64, _ text: String, newFile: String? = nil, isWhole: Bool = false) {
        writer.submit(StoreWrite(newFile: newFile, octets: octets(text), sequence: sequence, isWhole: isWhole))
    }

    func wait(for sequence: UInt64) throws { #expect(try loop.turn { recorder.persisted >= sequence }) }

    func waitForError() throws { #expect(try loop.turn { !recorder.errors.isEmpty }) }
}
