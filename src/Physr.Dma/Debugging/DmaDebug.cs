// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>Dresses mappers in a debugger.</summary>
public static class DmaDebug
{
    /// <summary>The mapper, with every call checked; the mapper itself where there is no debugger: off costs nothing.</summary>
    /// <param name="mapper">What does the work.</param>
    /// <param name="debugger">What checks; null is off. Several mappers may share one.</param>
    public static IDmaMapper Wear(IDmaMapper mapper, DmaDebugger? debugger)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return debugger is null ? mapper : new DebuggedDmaMapper(mapper, debugger);
    }
}
