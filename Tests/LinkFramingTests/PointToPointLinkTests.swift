// Proves that a wire with one device at its end is used as a radio is.

import Bytes
import LinkFraming
import Testing
import Time

@Suite struct PointToPointLinkTests {
    private let start = Instant(nanoseconds: 5)

    @Test(arguments: FramingVector.all) func datagramsPassBothWays(_ vector: FramingVector) {
        var link = PointToPointLink(PointToPointLinkConfiguration(framing: vector.framing))
        var effects = LinkEffects()
        link.lineOpened(at: start, into: &effects)
        let refusal = link.send(vector.datagram.span.bytes, to: .otherEnd, at: start, into: &effects)
        link.receive(vector.wire.span.bytes, at: start, into: &effects)
        let list = effects.list
        let bytes = effects.bytes
        #expect(refusal == nil && list.count == 3)
        guard list.count == 3, case .write(let wire) = list[1],
            case .datagramReceived(let datagram, from: .otherEnd, isBroadcast: false) = list[2]
        else {
            Issue.record("\(list)")
            return
        }
        #expect(Array(bytes[wire]) == vector.wire && Array(bytes[datagram]) == vector.datagram)
    }

    @Test func whatDoesNotFitIsRefused() {
        var configuration = PointToPointLinkConfiguration(framing: .slip)
        configuration.maximumDatagramByteCount = 3
        var link = PointToPointLink(configuration)
        var effects = LinkEffects()
        let datagram: [UInt8] = [4, 1, 2, 3]
        let span = datagram.span
        let closed = link.send(span.bytes.extracting(0..<3), to: .otherEnd, at: start, into: &effects)
        link.lineOpened(at: start, into: &effects)
        let tooLong = link.broadcast(span.bytes, radius: 0, at: start, into: &effects)
        let foreign = link.send(
            span.bytes.extracting(0..<3), to: .xbee64(XBeeAddress64(1)), at: start, into: &effects)
        let exact = link.broadcast(span.bytes.extracting(0..<3), radius: 0, at: start, into: &effects)
        #expect(closed == .linkDown && tooLong == .tooLong(maximumByteCount: 3))
        #expect(foreign == .notSendable && exact == nil)
        let counters = link.counters
        #expect(counters.refusedLinkDown == 1 && counters.refusedTooLong == 1 && counters.refusedNotSendable == 1)
        let state = link.state
        #expect(state == .ready)
    }

    @Test func silenceResynchronisesALengthPrefixedLine() {
        var link = PointToPointLink(PointToPointLinkConfiguration(framing: .lengthPrefixed))
        var effects = LinkEffects()
        link.lineOpened(at: start, into: &effects)
        let input = octets("50 03 01 00")
        link.receive(input.span.bytes, at: start, into: &effects)
        let deadline = link.nextDeadline
        #expect(deadline == start + .milliseconds(100))
        link.deadlineReached(at: start + .milliseconds(100), into: &effects)
        let (list, bytes, next) = (effects.list, effects.bytes, link.nextDeadline)
        #expect(list.last == .datagramReceived(0..<3, from: .otherEnd, isBroadcast: false))
        #expect(bytes == octets("03 01 00") && next == nil)
    }
}
