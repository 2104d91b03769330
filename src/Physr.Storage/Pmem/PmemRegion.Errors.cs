// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <content>Lost bytes: injecting, finding, telling whoever maps them.</content>
public sealed partial class PmemRegion
{
    /// <summary>Loses bytes, as <c>ndctl inject-error</c> does.</summary>
    /// <param name="offset">The first byte, from the start of the region.</param>
    /// <param name="length">Bytes; whole blocks of 512 are lost.</param>
    /// <param name="notify">Whether the CPU has met them (a machine check): mappers are told. Without, they lie latent until a read or <see cref="ScanErrors"/> finds them.</param>
    /// <returns>What became of each run; empty where nobody was told.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all of the region.</exception>
    public IReadOnlyList<LostMemory> InjectErrors(ulong offset, ulong length, bool notify)
    {
        if (offset > Range.Length || length > Range.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"{Name} has {Range.Length} bytes.");
        }

        Data.Errors.Inject(offset, length);
        ulong first = Alignment.Down(offset, MediaErrors.BlockBytes);
        return notify && length != 0 ? Tell(first, Alignment.Up(offset + length, MediaErrors.BlockBytes), MemoryFailureFlags.ActionRequired) : [];
    }

    /// <summary>Looks through the whole region for lost bytes and tells whoever maps them (an address range scrub).</summary>
    /// <returns>Every run, cut at the borders of namespaces and of their data, ascending.</returns>
    public IReadOnlyList<LostMemory> ScanErrors()
    {
        List<LostMemory> found = [];
        foreach ((ulong offset, ulong length) in Data.Errors.Ranges())
        {
            found.AddRange(Tell(offset, offset + length, MemoryFailureFlags.None));
        }

        return found;
    }

    private List<LostMemory> Tell(ulong from, ulong to, MemoryFailureFlags flags)
    {
        List<LostMemory> told = [];
        lock (_lock)
        {
            while (from < to)
            {
                PmemNamespace? owner = _namespaces.Find(each => from - each.Label.Start < each.Label.Length);
                ulong end = Math.Min(to, owner is null ? NextStart(from) : owner.Label.Start + owner.Label.Length);

                // The head and the descriptors of a namespace end where its data begins.
                ulong data = owner?.Data is { } dax ? dax.Range.Start.OffsetFrom(Range.Start) : from;
                end = from < data ? Math.Min(end, data) : end;
                PhysicalRange range = new(Range.Start.Add(from), end - from);
                told.Add(new(range, owner, owner?.Pagemap is null ? Errno.None : Report(range, isData: from >= data, flags)));
                from = end;
            }
        }

        return told;
    }

    private Errno Report(PhysicalRange range, bool isData, MemoryFailureFlags flags)
    {
        PageFrameNumber first = range.Start.Frame;
        return isData ? Map.ReportMemoryFailure(first, range.Last.Frame.Value - first.Value + 1, flags) : Errno.ENXIO;
    }

    private ulong NextStart(ulong from) => _namespaces.Select(static each => each.Label.Start).Where(start => start > from).DefaultIfEmpty(Range.Length).Min();
}
