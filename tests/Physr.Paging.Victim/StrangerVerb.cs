// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Sockets;
using Physr.Paging.Protocol;

namespace Physr.Paging.Victim;

/// <summary>Connects to a pager as another user: through the library, and past it. Says what comes of that.</summary>
internal static class StrangerVerb
{
    public static int Run(Arguments given)
    {
        string path = given.Text("connect");
        Errno errno = PagerHost.TryConnect(path, out PagerHost? host, out string reason);
        Console.WriteLine($"library {errno} {reason}");
        host?.Dispose();
        errno = DescriptorSocket.TryConnect(path, out DescriptorSocket? socket, out reason);
        Console.WriteLine($"socket {errno} {reason}");
        if (socket is null)
        {
            return 0;
        }

        using (socket)
        {
            byte[] buffer = new byte[MessageWriter.MostBytes];
            errno = socket.TryReceive(buffer, new Microsoft.Win32.SafeHandles.SafeFileHandle?[1], wait: true, out int length, out _);
            MessageReader reader = new(buffer.AsSpan(0, length));
            MessageKind kind = (MessageKind)reader.ReadByte();
            _ = reader.ReadUInt32();
            Errno said = (Errno)reader.ReadUInt32();
            _ = reader.ReadUInt64();
            Console.WriteLine($"pager {errno} {kind} {said} {reader.ReadText()}");
            errno = socket.TryReceive(buffer, new Microsoft.Win32.SafeHandles.SafeFileHandle?[1], wait: true, out length, out _);
            Console.WriteLine($"then {errno} {length}");
        }

        return 0;
    }
}
