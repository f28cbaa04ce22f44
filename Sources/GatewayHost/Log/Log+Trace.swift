import Configuration
import Describe

// What passes at level trace: each datagram in words, and of malformed ones the reason and the first octets.

extension Log {
    func traceReceived(_ datagram: RawSpan, from address: @autoclosure () -> String) {
        if isOn(.trace) { write(.trace, "from \(address()): \(DatagramWords.line(of: datagram))") }
    }

    func traceSent(_ datagram: RawSpan, to address: @autoclosure () -> String) {
        if isOn(.trace) { write(.trace, "to \(address()): \(DatagramWords.line(of: datagram))") }
    }
}
