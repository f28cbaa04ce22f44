import Bytes

/// What lies below IP in a capture, and how many octets it takes (tcpdump.org's list of link types).
enum LinkLayer {
    case ethernet
    /// Raw IPv4 or IPv6.
    case rawIP
    /// BSD loopback.
    case loopback
    /// Linux "cooked", as `tcpdump -i any` writes it, in its two versions.
    case cooked
    case cookedTwo

    init?(number: Int) {
        switch number {
        case 0, 108: self = .loopback
        case 1: self = .ethernet
        case 12, 14, 101, 228, 229: self = .rawIP
        case 113: self = .cooked
        case 276: self = .cookedTwo
        default: return nil
        }
    }

    static func unknown(_ number: Int) -> String {
        "the capture's link type \(number) is none of those known here: Ethernet, Linux cooked, loopback, raw IP"
    }

    /// How many octets stand before IP; nil where there is no IP.
    func byteCount(before packet: FileNumbers) -> Int? {
        switch self {
        case .rawIP: return 0
        case .loopback: return 4
        case .cooked: return Self.isIP(packet.uint16(14)) ? 16 : nil
        case .cookedTwo: return Self.isIP(packet.uint16(0)) ? 20 : nil
        case .ethernet:
            var offset = 12
            // Tags of virtual networks, one inside the other.
            while offset < 20, let type = packet.uint16(offset), type == 0x8100 || type == 0x88A8 { offset += 4 }
            return Self.isIP(packet.uint16(offset)) ? offset + 2 : nil
        }
    }

    private static func isIP(_ etherType: Int?) -> Bool { etherType == 0x0800 || etherType == 0x86DD }
}

/// A packet as a capture holds it: finds the UDP datagram in it (RFC 768, RFC 791, RFC 8200).
struct CapturedPacket {
    var bytes: ArraySlice<UInt8>
    var layer: LinkLayer
    var microseconds: UInt64

    /// An IP address with a port.
    struct Endpoint {
        var address: ArraySlice<UInt8>
        var port: UInt16

        var text: String {
            guard address.count == 16 else { return "\(address.map { "\($0)" }.joined(separator: ".")):\(port)" }
            return "[\(groups)]:\(port)"
        }

        /// The address in RFC 5952's form.
        private var groups: String {
            let bytes = Array(address)
            let groups = (0..<8).map { Int(bytes[2 * $0]) << 8 | Int(bytes[2 * $0 + 1]) }
            var longest = 0..<0
            for start in 0..<8 {
                let end = groups[start...].firstIndex { $0 != 0 } ?? 8
                if end - start > max(1, longest.count) { longest = start..<end }
            }
            func text(_ range: Range<Int>) -> String {
                groups[range].map { String($0, radix: 16) }.joined(separator: ":")
            }
            return longest.isEmpty ? text(0..<8) : text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
        }
    }

    /// A datagram in the packet; `payload` indexes `bytes`.
    struct Found {
        var source: Endpoint
        var destination: Endpoint
        var payload: Range<Int>
        var isCut: Bool
    }

    /// nil where there is no datagram, or only a fragment of one.
    var datagram: Found? {
        let packet = FileNumbers(bytes: Array(bytes), isBigEndian: true)
        guard let offset = layer.byteCount(before: packet), offset < packet.bytes.count else { return nil }
        switch packet.bytes[offset] >> 4 {
        case 4: return datagramInIPv4(packet, offset)
        case 6: return datagramInIPv6(packet, offset)
        default: return nil
        }
    }

    private func datagramInIPv4(_ packet: FileNumbers, _ offset: Int) -> Found? {
        let headByteCount = Int(packet.bytes[offset] & 0x0F) * 4
        guard headByteCount >= 20, offset + headByteCount <= packet.bytes.count, packet.bytes[offset + 9] == 17,
            let fragment = packet.uint16(offset + 6), fragment & 0x3FFF == 0
        else { return nil }
        return udp(
            packet, offset + headByteCount, source: packet.bytes[offset + 12..<offset + 16],
            destination: packet.bytes[offset + 16..<offset + 20])
    }

    private func datagramInIPv6(_ packet: FileNumbers, _ offset: Int) -> Found? {
        guard offset + 40 <= packet.bytes.count else { return nil }
        var next = packet.bytes[offset + 6]
        var position = offset + 40
        // Options and routing stand between; a fragment is let go.
        while next == 0 || next == 43 || next == 60 {
            guard position + 2 <= packet.bytes.count else { return nil }
            next = packet.bytes[position]
            position += (Int(packet.bytes[position + 1]) + 1) * 8
        }
        guard next == 17 else { return nil }
        return udp(
            packet, position, source: packet.bytes[offset + 8..<offset + 24],
            destination: packet.bytes[offset + 24..<offset + 40])
    }

    private func udp(
        _ packet: FileNumbers, _ offset: Int, source: ArraySlice<UInt8>, destination: ArraySlice<UInt8>
    ) -> Found? {
        guard let sourcePort = packet.uint16(offset), let destinationPort = packet.uint16(offset + 2),
            let byteCount = packet.uint16(offset + 4), byteCount >= 8, offset + 8 <= packet.bytes.count
        else { return nil }
        let end = min(offset + byteCount, packet.bytes.count)
        let start = bytes.startIndex
        return Found(
            source: Endpoint(address: source, port: UInt16(sourcePort)),
            destination: Endpoint(address: destination, port: UInt16(destinationPort)),
            payload: start + offset + 8..<start + end, isCut: end < offset + byteCount)
    }
}
