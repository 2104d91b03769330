// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>Runs programs of the protocol step by step; the one interpreter, for the shipped buffer, the checker and the replay of traces.</summary>
internal static class RevocableInterpreter
{
    /// <summary>Does the frame's next step; the frame must not be over.</summary>
    public static RevocableOutcome Step<TWorld>(RevocableRules rules, ref RevocableFrame frame, ref TWorld world)
        where TWorld : IRevocableWorld
    {
        RevocableStep step = frame.Step(rules);
        if (step == RevocableStep.TellImporters)
        {
            return TellNext(rules, ref frame, ref world);
        }

        RevocableOutcome outcome = RevocableRules.IsOfState(step) ? world.Apply(step) : world.Perform(step);
        switch (outcome.Kind)
        {
            case RevocableOutcomeKind.Advance:
                frame.Advance(rules);
                break;
            case RevocableOutcomeKind.Leave:
                frame.Leave(rules);
                break;
            default:
                break;
        }

        return outcome;
    }

    /// <summary>Runs until the program is over or has to wait.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="frame">Where the program is.</param>
    /// <param name="world">What it runs in.</param>
    /// <param name="errno">With which answer it left; unchanged where it did not.</param>
    /// <returns>Whether the program is over.</returns>
    public static bool Run<TWorld>(RevocableRules rules, ref RevocableFrame frame, ref TWorld world, ref Errno errno)
        where TWorld : IRevocableWorld
    {
        while (frame.Step(rules) != RevocableStep.Done)
        {
            RevocableOutcome outcome = Step(rules, ref frame, ref world);
            if (outcome.Kind == RevocableOutcomeKind.Blocked)
            {
                return false;
            }

            errno = outcome.Kind == RevocableOutcomeKind.Leave ? outcome.Errno : errno;
        }

        return true;
    }

    /// <summary>Calls one importer, -1 where there is none; the last call ends the step.</summary>
    private static RevocableOutcome TellNext<TWorld>(RevocableRules rules, ref RevocableFrame frame, ref TWorld world)
        where TWorld : IRevocableWorld
    {
        int importer = rules.NextToTell(frame.Importer, world.ImporterCount);
        RevocableOutcome outcome = world.Tell(importer);
        if (outcome.Kind == RevocableOutcomeKind.Blocked)
        {
            return outcome;
        }

        frame.Importer = importer + 1;
        if (importer < 0 || rules.NextToTell(frame.Importer, world.ImporterCount) < 0)
        {
            frame.Advance(rules);
        }

        return RevocableOutcome.Advance;
    }
}
