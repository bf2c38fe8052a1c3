/* Keys of properties that drivers read and set with IoGetDevicePropertyData, IoSetDeviceInterfacePropertyData
 * ... */
#include <devpropdef.h>

/* The name of any object */
DEFINE_DEVPROPKEY(DEVPKEY_NAME, 0xb725f130, 0x47ef, 0x101a, 0xa5, 0xf1, 0x02, 0x60, 0x8c, 0x9e, 0xeb, 0xac,
                  10);

/* Of a device */
#define PORTICO_DEVICE_KEY(name, id) \
    DEFINE_DEVPROPKEY(name, 0xa45c254e, 0xdf1c, 0x4efd, 0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0, id)
PORTICO_DEVICE_KEY(DEVPKEY_Device_DeviceDesc, 2);
PORTICO_DEVICE_KEY(DEVPKEY_Device_HardwareIds, 3);
PORTICO_DEVICE_KEY(DEVPKEY_Device_CompatibleIds, 4);
PORTICO_DEVICE_KEY(DEVPKEY_Device_Service, 6);
PORTICO_DEVICE_KEY(DEVPKEY_Device_Class, 9);
PORTICO_DEVICE_KEY(DEVPKEY_Device_ClassGuid, 10);
PORTICO_DEVICE_KEY(DEVPKEY_Device_Driver, 11);
PORTICO_DEVICE_KEY(DEVPKEY_Device_Manufacturer, 13);
PORTICO_DEVICE_KEY(DEVPKEY_Device_FriendlyName, 14);
PORTICO_DEVICE_KEY(DEVPKEY_Device_LocationInfo, 15);
PORTICO_DEVICE_KEY(DEVPKEY_Device_PDOName, 16);
#undef PORTICO_DEVICE_KEY

/* Of a device interface */
#define PORTICO_INTERFACE_KEY(name, id) \
    DEFINE_DEVPROPKEY(name, 0x026e516e, 0xb814, 0x414b, 0x83, 0xcd, 0x85, 0x6d, 0x6f, 0xef, 0x48, 0x22, id)
PORTICO_INTERFACE_KEY(DEVPKEY_DeviceInterface_FriendlyName, 2);
PORTICO_INTERFACE_KEY(DEVPKEY_DeviceInterface_Enabled, 3);
PORTICO_INTERFACE_KEY(DEVPKEY_DeviceInterface_ClassGuid, 4);
PORTICO_INTERFACE_KEY(DEVPKEY_DeviceInterface_ReferenceString, 5);
PORTICO_INTERFACE_KEY(DEVPKEY_DeviceInterface_Restricted, 6);
#undef PORTICO_INTERFACE_KEY
