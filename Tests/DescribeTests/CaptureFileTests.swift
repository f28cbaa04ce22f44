import Describe
import Testing

/// Captures made octet by octet, as tcpdump and Wireshark write them.
@Suite struct CaptureFileTests {
    /// An IPv4 packet with a UDP datagram from 192.0.2.1:5000 to 192.0.2.2:1884.
    private func ipv4(_ payload: [UInt8], fragment: UInt8 = 0, protocolNumber: UInt8 = 17) -> [UInt8] {
        let total = UInt8(28 + payload.count)
        return [0x45, 0, 0, total, 0, 0, fragment, 0, 64, protocolNumber, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]
            + [0x13, 0x88, 0x07, 0x5C, 0, UInt8(8 + payload.count), 0, 0] + payload
    }

    /// The same from 2001:db8::1 to ff02::1, behind a header of options.
    private func ipv6(_ payload: [UInt8]) -> [UInt8] {
        let count = UInt8(16 + payload.count)
        return [0x60, 0, 0, 0, 0, count, 0, 64]
            + [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
            + [0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
            + [17, 0, 0, 0, 0, 0, 0, 0]
            + [0x13, 0x88, 0x07, 0x5C, 0, UInt8(8 + payload.count), 0, 0] + payload
    }

    private func word(_ value: Int, _ isBigEndian: Bool) -> [UInt8] {
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? octets.reversed() : octets
    }

    private func pcap(_ packets: [[UInt8]], link: Int, isBigEndian: Bool = false, inNanoseconds: Bool = false)
        -> [UInt8]
    {
        func number(_ value: Int) -> [UInt8] { word(value, isBigEndian) }
        let head = number(inNanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4) + number(0x0004_0002) + number(0) + number(0)
        return packets.reduce(head + number(65_535) + number(link)) {
            $0 + number(100) + number(inNanoseconds ? 7_000 : 7) + number($1.count) + number($1.count) + $1
        }
    }

    private func read(_ bytes: [UInt8]) throws -> CaptureFile { try CaptureFile.read(bytes).get() }

    @Test("A datagram is found below every kind of link, in either order of octets", arguments: [false, true])
    func links(isBigEndian: Bool) throws {
        let ping: [UInt8] = [0x02, 0x16]
        let ethernet = [UInt8](repeating: 2, count: 12)
        let packets: [(Int, [UInt8])] = [
            (1, ethernet + [0x08, 0x00] + ipv4(ping)),
            (1, ethernet + [0x81, 0x00, 0, 5, 0x08, 0x00] + ipv4(ping)),
            (1, ethernet + [0x86, 0xDD] + ipv6(ping)),
            (101, ipv4(ping)), (228, ipv4(ping)), (229, ipv6(ping)), (0, [2, 0, 0, 0] + ipv4(ping)),
            (113, [UInt8](repeating: 0, count: 14) + [0x08, 0x00] + ipv4(ping)),
            (276, [0x08, 0x00] + [UInt8](repeating: 0, count: 18) + ipv4(ping)),
        ]
        for (link, packet) in packets {
            for inNanoseconds in [false, true] {
                let bytes = pcap([packet], link: link, isBigEndian: isBigEndian, inNanoseconds: inNanoseconds)
                let file = try read(bytes)
                let datagram = try #require(file.datagrams.first, "link type \(link)")
                #expect(datagram.bytes == ping && datagram.microseconds == 100_000_007 && !datagram.isCut)
                let isIPv6 = datagram.source == "[2001:db8::1]:5000" && datagram.destination == "[ff02::1]:1884"
                #expect(isIPv6 || datagram.source == "192.0.2.1:5000" && datagram.destination == "192.0.2.2:1884")
                #expect(file.otherCount == 0 && file.complaint == nil)
            }
        }
    }

    @Test("What is no whole datagram is counted")
    func others() throws {
        let packets = [ipv4([1], fragment: 0x20), ipv4([1], protocolNumber: 6), [], [0x45], [0xFF, 0]]
        let file = try read(pcap(packets, link: 101))
        #expect(file.datagrams.isEmpty && file.otherCount == 5)
    }

    @Test("A datagram that the capture has cut is said to be cut")
    func cut() throws {
        let file = try read(pcap([Array(ipv4([1, 2, 3, 4]).dropLast(2))], link: 101))
        #expect(file.datagrams.first?.bytes == [1, 2] && file.datagrams.first?.isCut == true)
    }

    @Test("A file that ends inside a packet is read up to there")
    func ends() throws {
        let whole = pcap([ipv4([2, 0x16]), ipv4([2, 0x17])], link: 101)
        let file = try read(Array(whole.dropLast(3)))
        #expect(file.datagrams.map(\.bytes) == [[2, 0x16]])
        #expect(file.complaint == "the file ends inside packet 2")
    }

    @Test("The newer form is read, with its interfaces and their clocks")
    func nextGeneration() throws {
        func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
            let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
            return word(type, false) + word(padded.count + 12, false) + padded + word(padded.count + 12, false)
        }
        let packet = ipv4([2, 0x16])
        let section = block(0x0A0D_0D0A, word(0x1A2B_3C4D, false) + word(1, false) + [UInt8](repeating: 0xFF, count: 8))
        // Raw IP, and a clock that counts milliseconds.
        let interface = block(1, [101, 0, 0, 0] + word(65_535, false) + [9, 0, 1, 0, 3, 0, 0, 0] + [0, 0, 0, 0])
        let enhanced = block(
            6,
            word(0, false) + word(0, false) + word(12_345, false) + word(packet.count, false)
                + word(packet.count, false) + packet)
        let simple = block(3, word(packet.count, false) + packet)
        let file = try read(section + interface + enhanced + block(5, [1, 2, 3, 4]) + simple)
        #expect(file.datagrams.map(\.bytes) == [[2, 0x16], [2, 0x16]])
        #expect(file.datagrams.map(\.microseconds) == [12_345_000, 0])
        #expect(file.complaint == nil)
        #expect(try read(section + interface + enhanced.dropLast(5)).complaint != nil)
    }

    @Test("What is no capture, or of an unknown link, is refused in words")
    func refusals() {
        #expect(!CaptureFile.isCapture(Array("0216\n".utf8)))
        guard case .failure(let failure) = CaptureFile.read(pcap([], link: 147)) else {
            Issue.record("read")
            return
        }
        #expect(failure.message.contains("link type 147"))
    }

    @Test("A capture cut or changed anywhere is read without a trap")
    func damage() throws {
        let whole = pcap([[UInt8](repeating: 2, count: 12) + [0x86, 0xDD] + ipv6([2, 0x16])], link: 1)
        for count in 0..<whole.count { _ = CaptureFile.read(Array(whole[..<count])) }
        for index in whole.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var changed = whole
                changed[index] = value
                _ = CaptureFile.read(changed)
            }
        }
    }
}
