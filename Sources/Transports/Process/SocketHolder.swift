import Glibc

/// The process that holds a UDP port or a device, found in /proc (proc(5)).
package struct SocketHolder: Equatable, Sendable {
    package let processIdentifier: Int32
    /// The program's name, of at most 15 octets.
    package let name: String
    /// Whether it runs the same file as this process.
    package let isSameProgram: Bool

    /// Who has a UDP socket at `port`, of the IP version told; nil where nobody has, or another user (root sees them).
    package static func ofUDP(port: UInt16, ipv6: Bool) -> SocketHolder? {
        let inodes = inodes(ofUDPPort: port, in: ipv6 ? "/proc/net/udp6" : "/proc/net/udp")
        guard !inodes.isEmpty else { return nil }
        let targets = Set(inodes.map { "socket:[\($0)]" })
        return first { targets.contains($0) }
    }

    /// Who has the file at `path` open; nil where nobody has, or another user.
    package static func ofFile(path: String) -> SocketHolder? {
        guard let real = realPath(path) else { return nil }
        return first { $0 == real }
    }

    /// The inodes of the sockets in a table of the kernel's whose local port is `port`.
    static func inodes(ofUDPPort port: UInt16, in table: String) -> [String] {
        guard let bytes = try? FileReader.read(path: table, maximumByteCount: 16_777_216) else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
        return lines.compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }

    /// The first process of which an open file is what `isWanted` says.
    private static func first(_ isWanted: (String) -> Bool) -> SocketHolder? {
        let own = getpid()
        for process in names(in: "/proc") {
            guard let identifier = Int32(process), identifier != own else { continue }
            let folder = "/proc/\(process)/fd"
            guard names(in: folder).contains(where: { link("\(folder)/\($0)").map(isWanted) ?? false }) else {
                continue
            }
            let bytes = (try? FileReader.read(path: "/proc/\(process)/comm", maximumByteCount: 64)) ?? []
            let name = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            let program = link("/proc/\(process)/exe")
            return SocketHolder(
                processIdentifier: identifier, name: name,
                isSameProgram: program != nil && program == link("/proc/self/exe"))
        }
        return nil
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { found.append(name) }
        }
        return found
    }

    private static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4_096) { text in
            guard let start = text.baseAddress else { return nil }
            let count = readlink(path, start, text.count)
            return count < 0 ? nil : String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}

/// What the system says of a file without opening it.
package struct FileFacts: Equatable, Sendable {
    package let isCharacterDevice: Bool
    /// Whether everybody may read it.
    package let isReadableByAll: Bool
    /// Whether this process may read and write it.
    package let isUsable: Bool

    /// Nil where there is nothing at `path`.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        isCharacterDevice = status.st_mode & S_IFMT == S_IFCHR
        isReadableByAll = status.st_mode & 0o004 != 0
        isUsable = access(path, R_OK | W_OK) == 0
    }
}
