// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Pages of a process, found by their virtual addresses.</summary>
internal sealed class UserPageSource(IUserMemory process, VirtualAddress start) : PageSource
{
    /// <inheritdoc/>
    public override ulong Start => start.Value;

    /// <inheritdoc/>
    public override IUserMemory Process => process;

    /// <inheritdoc/>
    public override Errno TryPin(ulong index, ulong count, bool writable, List<PhysicalRange> frames) =>
        process.TryPin(start.Add(index << PageSize.Shift4K), count << PageSize.Shift4K, writable, frames);

    /// <inheritdoc/>
    public override void Unpin(PhysicalRange frames, bool dirty) => process.Unpin(frames, dirty);
}
