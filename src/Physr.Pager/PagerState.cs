// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Sockets;
using Physr.Paging.Protocol;

namespace Physr.Pager;

/// <summary>What a pager has to know to go on in another's place: descriptors and descriptions. What the pages are is not here; that stands in the regions themselves.</summary>
internal sealed class PagerState : IDisposable
{
    /// <summary>Descriptors in one message: a region's own, and its store's.</summary>
    public const int MostDescriptors = 16;

    /// <summary>Pages that all regions together may have in their windows.</summary>
    public ulong BudgetPages { get; private set; } = long.MaxValue;

    /// <summary>What tells who waits behind this line that there is none of it left: the other end is closed when the last pager of the line is gone. Null where nobody waits.</summary>
    public DescriptorSocket? Watch { get; private set; }

    /// <summary>Where clients connect; null where only the one that started the pagers may.</summary>
    public SafeFileHandle? Listener { get; private set; }

    /// <summary>The path of that; the last pager removes it, and its folder.</summary>
    public string ListenerPath { get; private set; } = "";

    /// <summary>The clients by number.</summary>
    public SortedDictionary<uint, ClientRecord> Clients { get; } = [];

    /// <summary>Learns what the pager before this one knows, until that dies or says what to do.</summary>
    /// <param name="boot">Where it is told.</param>
    /// <param name="prepare">Does a little of what can be done before, while there is nothing to hear; returns whether there is more.</param>
    public FollowEnd Follow(DescriptorSocket boot, Func<bool> prepare)
    {
        byte[] buffer = new byte[MessageWriter.MostBytes];
        SafeFileHandle?[] descriptors = new SafeFileHandle?[MostDescriptors];
        bool isReady = false;
        while (true)
        {
            Errno errno = boot.TryReceive(buffer, descriptors, wait: isReady, out int length, out int count);
            if (errno == Errno.EAGAIN)
            {
                isReady = !prepare();
                continue;
            }

            if (errno == Errno.EINTR)
            {
                continue;
            }

            if (errno != Errno.None || length == 0)
            {
                // A pager that was still told nothing when the one before it ended has nobody to serve.
                return Clients.Count == 0 ? FollowEnd.Quit : FollowEnd.Serve;
            }

            MessageReader reader = new(buffer.AsSpan(0, length));
            MessageKind kind = (MessageKind)reader.ReadByte();
            if (kind == MessageKind.Begin)
            {
                return FollowEnd.Serve;
            }

            if (kind == MessageKind.Quit)
            {
                return FollowEnd.Quit;
            }

            if (!TryApply(kind, ref reader, descriptors.AsSpan(0, count)))
            {
                return FollowEnd.Garbage;
            }
        }
    }

    /// <summary>Tells another pager everything.</summary>
    public Errno Tell(DescriptorSocket successor)
    {
        byte[] buffer = new byte[MessageWriter.MostBytes];
        MessageWriter settings = new(buffer, MessageKind.Settings);
        settings.Write(BudgetPages);
        Errno errno = successor.TrySend(settings.Message, Watch is null ? [] : [Watch.Handle], wait: true);
        if (errno == Errno.None && Listener is not null)
        {
            MessageWriter listener = new(buffer, MessageKind.Listener);
            listener.Write(ListenerPath);
            errno = successor.TrySend(listener.Message, [Listener], wait: true);
        }

        foreach (ClientRecord client in Clients.Values)
        {
            errno = errno == Errno.None ? TellClient(successor, client) : errno;
            foreach (RegionRecord region in client.Regions.Values)
            {
                errno = errno == Errno.None ? TellRegion(successor, region) : errno;
            }
        }

        return errno;
    }

    /// <summary>Tells another pager of a client.</summary>
    public static Errno TellClient(DescriptorSocket successor, ClientRecord client)
    {
        MessageWriter writer = new(stackalloc byte[16], MessageKind.Client);
        writer.Write(client.Id);
        return successor.TrySend(writer.Message, [client.Socket.Handle], wait: true);
    }

    /// <summary>Tells another pager of a region.</summary>
    public static Errno TellRegion(DescriptorSocket successor, RegionRecord region)
    {
        MessageWriter writer = new(new byte[MessageWriter.MostBytes], MessageKind.Region);
        writer.Write(region.Client);
        writer.Write(region.Description);
        return successor.TrySend(writer.Message, region.Descriptors, wait: true);
    }

    /// <summary>Tells another pager that a client, or one of its regions, is gone.</summary>
    public static Errno TellGone(DescriptorSocket successor, uint client, uint? region)
    {
        MessageWriter writer = new(stackalloc byte[16], region is null ? MessageKind.ClientGone : MessageKind.RegionGone);
        writer.Write(client);
        if (region is { } id)
        {
            writer.Write(id);
        }

        return successor.TrySend(writer.Message, [], wait: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Listener?.Dispose();
        Watch?.Dispose();
        foreach (ClientRecord client in Clients.Values)
        {
            client.Dispose();
        }
    }

    private bool TryApply(MessageKind kind, ref MessageReader reader, Span<SafeFileHandle?> descriptors)
    {
        switch (kind)
        {
            case MessageKind.Settings:
                BudgetPages = reader.ReadUInt64();
                Watch = descriptors.Length == 1 ? DescriptorSocket.Adopt(descriptors[0]!) : null;
                return !reader.IsShort;
            case MessageKind.Listener when descriptors.Length == 1:
                Listener = descriptors[0];
                ListenerPath = reader.ReadText();
                return true;
            case MessageKind.Client when descriptors.Length == 1:
                uint added = reader.ReadUInt32();
                return Clients.TryAdd(added, new(added, DescriptorSocket.Adopt(descriptors[0]!)));
            case MessageKind.ClientGone:
                if (Clients.Remove(reader.ReadUInt32(), out ClientRecord? gone))
                {
                    gone.Dispose();
                }

                return true;
            case MessageKind.Region:
                uint owner = reader.ReadUInt32();
                byte[] description = [.. reader.Rest];
                if (!Clients.TryGetValue(owner, out ClientRecord? client) || RegionSpec.TryRead(ref reader, out RegionSpec? spec, out _) != Errno.None)
                {
                    return false;
                }

                return client.Regions.TryAdd(spec!.Id, new(owner, spec.Id, description, [.. descriptors!]));
            case MessageKind.RegionGone:
                if (Clients.TryGetValue(reader.ReadUInt32(), out client) && client.Regions.Remove(reader.ReadUInt32(), out RegionRecord? region))
                {
                    region.Dispose();
                }

                return true;
            default:
                return false;
        }
    }
}
