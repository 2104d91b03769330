// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Dma.PageTables;

/// <summary>One value for each level of tables; index 0 is not used.</summary>
/// <typeparam name="T">What.</typeparam>
[InlineArray(Count)]
internal struct PerLevel<T>
{
    /// <summary>Levels 1 to 6, and 0.</summary>
    public const int Count = 7;

    private T _first;
}
