import Glibc

/// How octets go over a serial line: what both ends must agree on.
package struct SerialLineSettings: Equatable, Sendable {
    /// The bit that makes errors visible.
    package enum Parity: Hashable, Sendable, CaseIterable {
        case none
        case even
        case odd
    }

    /// Bits per second, one of `speeds`.
    package var speed: Int
    /// 7 or 8.
    package var dataBitCount = 8
    package var parity = Parity.none
    /// 1 or 2.
    package var stopBitCount = 1
    /// RTS/CTS: each end tells whether it has room.
    package var hasHardwareFlowControl = false

    /// The speeds that Linux has a name for, slowest first.
    package static let speeds = speedCodes.map(\.speed)

    package init(speed: Int) { self.speed = speed }

    private static let speedCodes: [(speed: Int, code: Int32)] = [
        (1_200, B1200), (2_400, B2400), (4_800, B4800), (9_600, B9600), (19_200, B19200), (38_400, B38400),
        (57_600, B57600), (115_200, B115200), (230_400, B230400), (460_800, B460800), (500_000, B500000),
        (576_000, B576000), (921_600, B921600), (1_000_000, B1000000), (1_152_000, B1152000), (1_500_000, B1500000),
        (2_000_000, B2000000), (2_500_000, B2500000), (3_000_000, B3000000), (3_500_000, B3500000),
        (4_000_000, B4000000),
    ]

    /// The system's code for the speed; nil for one it has no name for.
    var speedCode: speed_t? {
        Self.speedCodes.first { $0.speed == speed }.map { speed_t(bitPattern: $0.code) }
    }

    /// Makes a terminal pass every octet on as it is, at once and in both directions; the speed is set apart.
    func apply(to terminal: inout termios) {
        cfmakeraw(&terminal)
        // Octets are data here: none of them stops the line, and a break is none.
        terminal.c_iflag &= ~tcflag_t(IXON | IXOFF | IXANY | INPCK)
        terminal.c_iflag |= tcflag_t(IGNBRK)
        terminal.c_cflag &= ~(tcflag_t(CSIZE | CSTOPB | PARENB | PARODD) | tcflag_t(CRTSCTS))
        // No modem is expected; the end of the gateway does not reset a board that hangs on DTR.
        terminal.c_cflag &= ~tcflag_t(HUPCL)
        terminal.c_cflag |= tcflag_t(CLOCAL | CREAD) | tcflag_t(dataBitCount == 7 ? CS7 : CS8)
        if stopBitCount == 2 { terminal.c_cflag |= tcflag_t(CSTOPB) }
        if hasHardwareFlowControl { terminal.c_cflag |= tcflag_t(CRTSCTS) }
        guard parity != .none else { return }
        terminal.c_cflag |= tcflag_t(PARENB) | (parity == .odd ? tcflag_t(PARODD) : 0)
        // An octet that came in wrong is left out, as if it had been lost.
        terminal.c_iflag |= tcflag_t(INPCK | IGNPAR)
    }
}
