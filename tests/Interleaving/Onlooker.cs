// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Testing.Interleaving;

/// <summary>Governs the thread while a check runs, which has nobody to wait for: a wait would last for ever.</summary>
internal sealed class Onlooker : IInterleaver
{
    private static readonly Onlooker s_instance = new();

    /// <inheritdoc/>
    public void Reach(string point)
    {
    }

    /// <inheritdoc/>
    public void Block(string what) => throw new InvalidOperationException($"A check waits for '{what}', which an actor holds.");

    /// <summary>Runs a check.</summary>
    /// <returns>What it threw.</returns>
    public static Exception? Run(Action check)
    {
        IInterleaver? before = SchedulePoint.Current;
        SchedulePoint.Current = s_instance;
        try
        {
            check();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            SchedulePoint.Current = before;
        }
    }
}
