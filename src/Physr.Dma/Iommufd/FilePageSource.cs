// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Pages of a file; holds a reference to it.</summary>
internal sealed class FilePageSource : PageSource
{
    private readonly IMappableFile _file;
    private readonly ulong _start;

    /// <summary>Takes a reference to the file.</summary>
    public FilePageSource(IMappableFile file, ulong start)
    {
        _file = file;
        _start = start;
        file.AddReference();
    }

    /// <inheritdoc/>
    public override ulong Start => _start;

    /// <inheritdoc/>
    public override bool IsFile => true;

    /// <inheritdoc/>
    public override Errno TryPin(ulong index, ulong count, bool writable, List<PhysicalRange> frames) =>
        _file.TryPin(_start + (index << PageSize.Shift4K), count << PageSize.Shift4K, writable, frames);

    /// <inheritdoc/>
    public override void Unpin(PhysicalRange frames, bool dirty) => _file.Unpin(frames, dirty);

    /// <inheritdoc/>
    public override void Release() => _file.ReleaseReference();
}
