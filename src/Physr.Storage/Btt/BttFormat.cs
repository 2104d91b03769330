// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>Making a translation table.</summary>
public static class BttFormat
{
    private const int PieceBytes = 64 << 10;

    /// <summary>Makes one over a namespace: every sector reads as what lay in its block. The info block is stored last, so that a power cut leaves none or a whole one.</summary>
    /// <param name="medium">The namespace's bytes, at least 16 MiB.</param>
    /// <param name="options">Sector, identities.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a sector or size; the medium's own errors.</returns>
    public static Errno TryFormat(PersistentMemory medium, BttOptions options, out string reason)
    {
        ArgumentNullException.ThrowIfNull(medium);
        ArgumentNullException.ThrowIfNull(options);
        reason = true switch
        {
            _ when options.SectorBytes is not (512 or 4096) => $"sectors of {options.SectorBytes} bytes: 512 and 4096 are possible",
            _ when options.ArenaBytes is < BttLayout.LeastArenaBytes or > BttLayout.MostArenaBytes || !Alignment.IsAligned(options.ArenaBytes, BttLayout.InfoBytes) => $"arenas of {options.ArenaBytes} bytes: 16 MiB to 512 GiB in multiples of 4 KiB are possible",
            _ when medium.Length < BttLayout.LeastArenaBytes => $"{medium}: a translation table needs at least 16 MiB",
            _ => "",
        };
        if (reason.Length != 0)
        {
            return Errno.EINVAL;
        }

        // The first info block goes before anything, and comes back after everything: until then nobody finds an arena, neither old nor new.
        Errno wiped = medium.TryClearErrors(0, BttLayout.InfoBytes, out _);
        wiped = Then(wiped, () => medium.TryWritePersistent(0, new byte[BttLayout.InfoBytes]));
        if (wiped != Errno.None)
        {
            reason = $"{medium.Name}: the first info block cannot be stored ({wiped})";
            return wiped;
        }

        Guid uuid = options.Uuid == Guid.Empty ? Guid.NewGuid() : options.Uuid;
        foreach ((ulong at, BttLayout layout) in Enumerable.Reverse(ArenasOf(medium.Length, options)))
        {
            Errno errno = TryStore(medium, at, new(uuid, options.ParentUuid, HasError: false, layout));
            if (errno != Errno.None)
            {
                reason = $"{medium.Name}: the arena at {at} cannot be stored ({errno})";
                return errno;
            }
        }

        return Errno.None;
    }

    private static List<(ulong At, BttLayout Layout)> ArenasOf(ulong length, BttOptions options)
    {
        List<(ulong, BttLayout)> arenas = [];
        ulong at = 0;
        ulong left = Alignment.Down(length, BttLayout.InfoBytes);
        while (left >= BttLayout.LeastArenaBytes)
        {
            ulong bytes = Math.Min(left, options.ArenaBytes);
            left -= bytes;
            arenas.Add((at, BttLayout.Of(bytes, options.SectorBytes, isLast: left < BttLayout.LeastArenaBytes)));
            at += bytes;
        }

        return arenas;
    }

    private static Errno TryStore(PersistentMemory medium, ulong at, BttInfoBlock info)
    {
        BttLayout layout = info.Layout;
        byte[] piece = new byte[PieceBytes];

        // No old info block may speak for parts that are being changed.
        Errno errno = medium.TryClearErrors(at, layout.DataOffset, out _);
        errno = Then(errno, () => medium.TryClearErrors(at + layout.MapOffset, layout.ArenaBytes - layout.MapOffset, out _));
        errno = Then(errno, () => medium.TryWritePersistent(at, piece.AsSpan(0, BttLayout.InfoBytes)));
        errno = Then(errno, () => medium.TryWritePersistent(at + layout.CopyOffset, piece.AsSpan(0, BttLayout.InfoBytes)));
        for (ulong done = layout.MapOffset; done < layout.FlogOffset; done += PieceBytes)
        {
            errno = Then(errno, () => medium.TryWrite(at + done, piece.AsSpan(0, (int)Math.Min(PieceBytes, layout.FlogOffset - done))));
        }

        byte[] flog = new byte[layout.CopyOffset - layout.FlogOffset];
        for (uint lane = 0; lane < layout.FreeBlocks; lane++)
        {
            new BttFlogEntry(lane, layout.Sectors + lane, layout.Sectors + lane, 1, 0).Format(flog.AsSpan((int)(lane * BttLayout.FlogGroupBytes)));
        }

        errno = Then(errno, () => medium.TryWrite(at + layout.FlogOffset, flog));
        errno = Then(errno, () => medium.TryPersist(at + layout.MapOffset, layout.CopyOffset - layout.MapOffset));
        info.Format(piece);
        errno = Then(errno, () => medium.TryWritePersistent(at + layout.CopyOffset, piece.AsSpan(0, BttLayout.InfoBytes)));
        return Then(errno, () => medium.TryWritePersistent(at, piece.AsSpan(0, BttLayout.InfoBytes)));
    }

    private static Errno Then(Errno before, Func<Errno> step) => before == Errno.None ? step() : before;
}
