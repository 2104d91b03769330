// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Sharing;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>The calling process's table of open files, as the byte interface needs it. Thread-safe.</summary>
public interface IUserFiles
{
    /// <summary>Takes a free number that stands for nothing yet.</summary>
    /// <returns><see cref="Errno.ENOMEM"/> where no number is left.</returns>
    Errno TryReserve(out int descriptor);

    /// <summary>Lets a reserved number stand for a file, which is the process's from now on.</summary>
    void Install(int descriptor, EventQueueFile file);

    /// <summary>Gives a reserved number back.</summary>
    void Abandon(int descriptor);

    /// <summary>The file behind a number, for mapping; false where it is none that can be mapped.</summary>
    bool TryGetMappable(int descriptor, [NotNullWhen(true)] out IMappableFile? file);

    /// <summary>The buffer of device memory behind a number; false where it is none.</summary>
    bool TryGetDmaBuf(int descriptor, [NotNullWhen(true)] out DmaBuf? buffer);
}
