import Bytes

/// A capture of network traffic, as tcpdump and Wireshark write it: what UDP datagrams it holds.
package struct CaptureFile: Equatable, Sendable {
    /// A datagram and where it went.
    package struct Datagram: Equatable, Sendable {
        /// The packet's number in the file, from 1, as Wireshark shows it.
        package var number: Int
        /// Microseconds since 1970; 0 where the file does not tell.
        package var microseconds: UInt64
        /// Such as `192.0.2.1:1884` or `[2001:db8::1]:1884`.
        package var source: String
        package var destination: String
        package var sourcePort: UInt16
        package var destinationPort: UInt16
        package var bytes: [UInt8]
        /// Whether the capture holds less of it than was sent.
        package var isCut: Bool
    }

    /// What keeps a file from being read.
    package struct Failure: Error, Equatable, Sendable {
        package var message: String
    }

    package var datagrams: [Datagram] = []
    /// Packets that are no whole UDP datagram, such as TCP, and fragments.
    package var otherCount = 0
    /// What is wrong at the end of the file; what stands before it has been read.
    package var complaint: String?

    /// Whether `bytes` begin as a capture does.
    package static func isCapture(_ bytes: [UInt8]) -> Bool {
        ClassicCapture.order(of: bytes) != nil || NextGenerationCapture.isOne(bytes)
    }

    /// Reads the content of a pcap or pcapng file; never traps, whatever is in it.
    package static func read(_ bytes: [UInt8]) -> Result<CaptureFile, Failure> {
        if NextGenerationCapture.isOne(bytes) { return .success(NextGenerationCapture.read(bytes)) }
        guard let order = ClassicCapture.order(of: bytes) else {
            return .failure(Failure(message: "this is neither a pcap nor a pcapng file"))
        }
        return ClassicCapture.read(bytes, order)
    }

    /// Takes in a packet as the capture holds it.
    mutating func add(_ packet: CapturedPacket, number: Int) {
        guard let found = packet.datagram else {
            otherCount += 1
            return
        }
        datagrams.append(
            Datagram(
                number: number, microseconds: packet.microseconds, source: found.source.text,
                destination: found.destination.text, sourcePort: found.source.port,
                destinationPort: found.destination.port, bytes: Array(packet.bytes[found.payload]), isCut: found.isCut))
    }
}

/// Numbers in a file whose writer's machine decided on the order of octets.
struct FileNumbers {
    var bytes: [UInt8]
    var isBigEndian: Bool

    func uint16(_ offset: Int) -> Int? {
        guard offset >= 0, offset + 2 <= bytes.count else { return nil }
        let (first, second) = (Int(bytes[offset]), Int(bytes[offset + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }

    func uint32(_ offset: Int) -> Int? {
        guard let first = uint16(offset), let second = uint16(offset + 2) else { return nil }
        return isBigEndian ? first << 16 | second : second << 16 | first
    }
}

/// The older form: a head and one record for each packet.
private enum ClassicCapture {
    struct Order {
        var isBigEndian: Bool
        var isInNanoseconds: Bool
    }

    private static let headByteCount = 24
    private static let recordHeadByteCount = 16

    static func order(of bytes: [UInt8]) -> Order? {
        switch Array(bytes.prefix(4)) {
        case [0xA1, 0xB2, 0xC3, 0xD4]: Order(isBigEndian: true, isInNanoseconds: false)
        case [0xD4, 0xC3, 0xB2, 0xA1]: Order(isBigEndian: false, isInNanoseconds: false)
        case [0xA1, 0xB2, 0x3C, 0x4D]: Order(isBigEndian: true, isInNanoseconds: true)
        case [0x4D, 0x3C, 0xB2, 0xA1]: Order(isBigEndian: false, isInNanoseconds: true)
        default: nil
        }
    }

    static func read(_ bytes: [UInt8], _ order: Order) -> Result<CaptureFile, CaptureFile.Failure> {
        let numbers = FileNumbers(bytes: bytes, isBigEndian: order.isBigEndian)
        guard let link = numbers.uint32(20) else {
            return .failure(CaptureFile.Failure(message: "the file ends inside its head"))
        }
        guard let layer = LinkLayer(number: link & 0xFFFF) else {
            return .failure(CaptureFile.Failure(message: LinkLayer.unknown(link & 0xFFFF)))
        }
        var file = CaptureFile()
        var offset = headByteCount
        var number = 0
        while offset < bytes.count {
            number += 1
            guard let seconds = numbers.uint32(offset), let fraction = numbers.uint32(offset + 4),
                let byteCount = numbers.uint32(offset + 8),
                byteCount <= bytes.count - offset - recordHeadByteCount
            else {
                file.complaint = "the file ends inside packet \(number)"
                break
            }
            let start = offset + recordHeadByteCount
            let microseconds = UInt64(seconds) * 1_000_000 + UInt64(order.isInNanoseconds ? fraction / 1_000 : fraction)
            file.add(
                CapturedPacket(
                    bytes: bytes[start..<start + byteCount], layer: layer, microseconds: microseconds), number: number)
            offset = start + byteCount
        }
        return .success(file)
    }
}

/// The newer form: blocks of several kinds, and several interfaces.
private enum NextGenerationCapture {
    private struct Interface {
        var layer: LinkLayer?
        /// How many parts of a second its clock counts.
        var ticksPerSecond: UInt64 = 1_000_000
    }

    static func isOne(_ bytes: [UInt8]) -> Bool { bytes.prefix(4) == [0x0A, 0x0D, 0x0D, 0x0A] }

    static func read(_ bytes: [UInt8]) -> CaptureFile {
        var file = CaptureFile()
        var numbers = FileNumbers(bytes: bytes, isBigEndian: false)
        var interfaces: [Interface] = []
        var offset = 0
        var number = 0
        while offset < bytes.count {
            if bytes[offset...].prefix(4) == [0x0A, 0x0D, 0x0D, 0x0A] {
                numbers.isBigEndian = bytes[offset...].dropFirst(8).prefix(4) == [0x1A, 0x2B, 0x3C, 0x4D]
                interfaces = []
            }
            guard let type = numbers.uint32(offset), let byteCount = numbers.uint32(offset + 4), byteCount >= 12,
                byteCount <= bytes.count - offset
            else {
                file.complaint = "the file ends inside a block, or a block's length is wrong, at octet \(offset)"
                break
            }
            let body = offset + 8..<offset + byteCount - 4
            if type == 1 { interfaces.append(interface(numbers, body)) }
            if type == 6 || type == 3 {
                number += 1
                if let packet = packet(numbers, body, type, interfaces) {
                    file.add(packet, number: number)
                } else {
                    file.otherCount += 1
                }
            }
            offset += byteCount
        }
        return file
    }

    /// An Interface Description Block: its link type and, among the options, its clock.
    private static func interface(_ numbers: FileNumbers, _ body: Range<Int>) -> Interface {
        var interface = Interface(layer: numbers.uint16(body.lowerBound).flatMap { LinkLayer(number: $0) })
        var offset = body.lowerBound + 8
        while offset + 4 <= body.upperBound, let code = numbers.uint16(offset), let count = numbers.uint16(offset + 2),
            code != 0, offset + 4 + count <= body.upperBound
        {
            if code == 9, count >= 1 { interface.ticksPerSecond = ticks(numbers.bytes[offset + 4]) }
            offset += 4 + (count + 3) / 4 * 4
        }
        return interface
    }

    /// A power of ten, or of two where the highest bit is set.
    private static func ticks(_ resolution: UInt8) -> UInt64 {
        let exponent = Int(resolution & 0x7F)
        if resolution & 0x80 != 0 { return exponent < 63 ? 1 << UInt64(exponent) : 1 << 62 }
        return (0..<min(exponent, 18)).reduce(UInt64(1)) { product, _ in product * 10 }
    }

    /// An Enhanced or Simple Packet Block.
    private static func packet(
        _ numbers: FileNumbers, _ body: Range<Int>, _ type: Int, _ interfaces: [Interface]
    ) -> CapturedPacket? {
        let isSimple = type == 3
        let start = body.lowerBound + (isSimple ? 4 : 20)
        guard start <= body.upperBound,
            let index = isSimple ? 0 : numbers.uint32(body.lowerBound), index < interfaces.count,
            let layer = interfaces[index].layer,
            let byteCount = numbers.uint32(body.lowerBound + (isSimple ? 0 : 12))
        else { return nil }
        let end = min(body.upperBound, start + byteCount)
        guard isSimple || start + byteCount <= body.upperBound else { return nil }
        var microseconds: UInt64 = 0
        if !isSimple, let high = numbers.uint32(body.lowerBound + 4), let low = numbers.uint32(body.lowerBound + 8) {
            let ticks = UInt64(high) << 32 | UInt64(low)
            let second = interfaces[index].ticksPerSecond
            let fraction = Double(ticks % second) / Double(second) * 1_000_000
            microseconds = (ticks / second).multipliedReportingOverflow(by: 1_000_000).0 &+ UInt64(fraction)
        }
        return CapturedPacket(bytes: numbers.bytes[start..<end], layer: layer, microseconds: microseconds)
    }
}
