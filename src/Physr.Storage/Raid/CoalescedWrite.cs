// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Metadata in memory that has a place on the members: written when somebody needs it to be there, once for all who wait.</summary>
/// <param name="write">Writes the present state everywhere.</param>
/// <param name="ready">Whom to tell when it is written.</param>
internal sealed class CoalescedWrite(Func<Step<bool>> write, StepQueue ready)
{
    private readonly List<Step<bool>> _waiting = [];
    private ulong _wanted;
    private ulong _written;
    private bool _isWriting;

    /// <summary>Whether what is in memory is on the members.</summary>
    public bool IsSettled => _written == _wanted;

    /// <summary>Says that the state in memory changed.</summary>
    public void Touch() => _wanted++;

    /// <summary>Ends when the state of now, or a later one, is on the members.</summary>
    public async Step<bool> Settle()
    {
        ulong target = _wanted;
        while (_written < target)
        {
            if (_isWriting)
            {
                Step<bool> turn = new();
                _waiting.Add(turn);
                await turn;
                continue;
            }

            _isWriting = true;
            ulong upTo = _wanted;
            await write();
            _written = upTo;
            _isWriting = false;
            _waiting.ForEach(ready.Post);
            _waiting.Clear();
        }

        return true;
    }
}
